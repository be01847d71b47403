# The service as Cloud Run runs it: one container, revisions, traffic to the newest that has started.

resource "google_service_account" "service" {
  account_id   = var.name
  display_name = "The service ${var.name}"
}

resource "google_cloud_run_v2_service" "service" {
  name                = var.name
  location            = var.location
  labels              = var.labels
  ingress             = var.public ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  deletion_protection = true

  template {
    labels          = var.labels
    service_account = google_service_account.service.email
    timeout         = "60s"

    scaling {
      min_instance_count = var.least
      max_instance_count = var.most
    }

    containers {
      image = var.image

      ports {
        container_port = 8000
      }

      resources {
        limits = {
          cpu    = var.cpu
          memory = var.memory
        }
        cpu_idle          = false
        startup_cpu_boost = true
      }

      env {
        name  = "MODEL_PATH"
        value = var.model_path
      }

      env {
        name  = "WAIT_FOR_MODEL"
        value = var.waits ? "1" : "0"
      }

      dynamic "env" {
        for_each = var.secrets
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value
              version = "latest"
            }
          }
        }
      }

      # A revision that is not ready gets no traffic; one that may wait for a model has to live only.
      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = 60
        http_get {
          path = var.waits ? "/health/live" : "/health/ready"
          port = 8000
        }
      }

      liveness_probe {
        period_seconds    = 10
        timeout_seconds   = 3
        failure_threshold = 3
        http_get {
          path = "/health/live"
          port = 8000
        }
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "reads" {
  for_each  = toset(values(var.secrets))
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.service.email}"
}

resource "google_storage_bucket_iam_member" "reads" {
  bucket = var.store
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${google_service_account.service.email}"
}

resource "google_cloud_run_v2_service_iam_member" "everybody" {
  count    = var.public ? 1 : 0
  name     = google_cloud_run_v2_service.service.name
  location = var.location
  role     = "roles/run.invoker"
  member   = "allUsers"
}
