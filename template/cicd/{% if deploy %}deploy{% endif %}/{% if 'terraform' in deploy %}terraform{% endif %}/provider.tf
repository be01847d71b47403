terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }
}

# Who it is comes from the environment: by OIDC in a CI, never by a key in a file.
provider "google" {
  project = var.cloud_project
  region  = var.location
}
