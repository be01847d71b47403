output "name" {
  description = "Its name."
  value       = google_storage_bucket.models.name
}
