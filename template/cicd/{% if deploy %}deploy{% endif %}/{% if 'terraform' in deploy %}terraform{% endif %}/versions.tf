terraform {
  required_version = ">= 1.9, < 2.0"
  # Where the state is kept is said by TF_HTTP_ADDRESS and its like, which GitLab's own state needs (docs/deployment/terraform.md).
  backend "http" {}
}
