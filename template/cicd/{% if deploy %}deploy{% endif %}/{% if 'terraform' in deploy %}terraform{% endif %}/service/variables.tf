variable "name" {
  description = "The name of the service."
  type        = string
}

variable "location" {
  description = "The region."
  type        = string
}

variable "image" {
  description = "The image."
  type        = string
}

variable "model_path" {
  description = "Where the model is."
  type        = string
}

variable "waits" {
  description = "Whether it may start without a model."
  type        = bool
}

variable "store" {
  description = "The store that it may read."
  type        = string
}

variable "cpu" {
  description = "Processors of an instance."
  type        = string
}

variable "memory" {
  description = "Memory of an instance."
  type        = string
}

variable "least" {
  description = "How many instances there are at least."
  type        = number
}

variable "most" {
  description = "How many instances there are at most."
  type        = number
}

variable "public" {
  description = "Whether everybody may ask."
  type        = bool
}

variable "secrets" {
  description = "Variables whose values lie in the secret manager."
  type        = map(string)
}

variable "labels" {
  description = "What bills and lists are sorted by."
  type        = map(string)
}
