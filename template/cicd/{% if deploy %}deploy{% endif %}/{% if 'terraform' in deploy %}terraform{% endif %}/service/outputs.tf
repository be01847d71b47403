output "url" {
  description = "Where it is reached."
  value       = google_cloud_run_v2_service.service.uri
}

output "image" {
  description = "Which image it runs."
  value       = google_cloud_run_v2_service.service.template[0].containers[0].image
}
