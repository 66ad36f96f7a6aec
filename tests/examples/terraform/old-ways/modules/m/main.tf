variable "number" {
  type = number
}

output "arn" {
  value = "arn:aws:s3:::acme-${var.number + 1}/*"
}
