variable "name" {
  description = "The beginning of its name, which has to be nobody else's."
  type        = string
}

variable "location" {
  description = "The region."
  type        = string
}

variable "kept" {
  description = "How many versions of a file are kept."
  type        = number
}

variable "labels" {
  description = "What bills and lists are sorted by."
  type        = map(string)
}
