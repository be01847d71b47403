output "url" {
  description = "Where it is reached."
  value       = module.service.url
}

output "store" {
  description = "The name of the store of models."
  value       = module.store.name
}

# What deploy.sh and rollback.sh ask.
output "deploy_image" {
  description = "What is deployed."
  value       = module.service.image
}

output "deploy_before" {
  description = "What was deployed before."
  value       = var.before
}

output "deploy_waits" {
  description = "1 where the service may start without a model."
  value       = var.waits ? "1" : "0"
}
