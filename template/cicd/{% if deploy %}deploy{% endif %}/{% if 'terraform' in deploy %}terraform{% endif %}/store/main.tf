# A bucket for models, with versions, which nobody outside may ever read.

resource "google_storage_bucket" "models" {
  name                        = "${var.name}-models"
  location                    = var.location
  labels                      = var.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      num_newer_versions = var.kept
    }
    action {
      type = "Delete"
    }
  }
}
