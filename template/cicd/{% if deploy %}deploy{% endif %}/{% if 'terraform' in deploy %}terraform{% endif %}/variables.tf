variable "environment" {
  description = "Which environment this is; a part of every name."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}$", var.environment))
    error_message = "Small letters, digits and -, at most 19."
  }
}

variable "cloud_project" {
  description = "The project of the cloud, by its identifier."
  type        = string
}

variable "location" {
  description = "The region of the cloud."
  type        = string
  default     = "europe-west1"
}

variable "image" {
  description = "The release image, with tag or digest. Set by deploy.sh."
  type        = string
  validation {
    condition     = can(regex("(:[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")
    error_message = "It needs a tag other than latest, or a digest."
  }
}

variable "before" {
  description = "The image that was there before; empty where there was none. Set by deploy.sh."
  type        = string
  default     = ""
}

variable "waits" {
  description = "Whether the service may start without a model. Set by deploy.sh."
  type        = bool
  default     = false
}

variable "model_path" {
  description = "Where the model is."
  type        = string
  default     = "/app/model.onnx"
}

variable "cpu" {
  description = "Processors of an instance."
  type        = string
  default     = "1"
}

variable "memory" {
  description = "Memory of an instance."
  type        = string
  default     = "512Mi"
}

variable "least" {
  description = "How many instances there are at least."
  type        = number
  default     = 1
}

variable "most" {
  description = "How many instances there are at most."
  type        = number
  default     = 6
  validation {
    condition     = var.most >= var.least && var.most >= 1
    error_message = "Not fewer than `least`, and one or more."
  }
}

variable "public" {
  description = "Whether everybody may ask. If not, those who may invoke it by the cloud's own rights."
  type        = bool
  default     = false
}

variable "kept_versions" {
  description = "How many versions of a file the store keeps."
  type        = number
  default     = 10
}

variable "secrets" {
  description = "Variables of the service whose values lie in the cloud's secret manager: NAME = the secret's name there."
  type        = map(string)
  default     = {}
}
