resource "aws_s3_bucket" "named" {
  bucket = "acme-veeam"
}

resource "aws_s3_bucket" "prefixed" {
  bucket_prefix = "acme-"
}

resource "aws_s3_bucket" "two" {
  count = 2
}

resource "aws_s3_bucket" "each" {
  for_each = { daily = "acme-daily", weekly = var.weekly }
  bucket   = each.value
}

resource "aws_s3_bucket" "many" {
  for_each = var.names
  bucket   = each.key
}

data "aws_s3_bucket" "existing" {
  bucket = "acme-existing"
}

variable "weekly" {
  type = string
}

variable "names" {
  type = set(string)
}

resource "aws_s3_bucket_versioning" "named" {
  bucket = aws_s3_bucket.named.id
}

resource "aws_iam_policy" "buckets" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = "s3:ListBucket"
      Resource = concat([
        aws_s3_bucket.named.arn,
        "arn:aws:s3:::${aws_s3_bucket_versioning.named.bucket}",
        aws_s3_bucket.prefixed.arn,
        "arn:aws:s3:::${aws_s3_bucket.prefixed.id}",
        aws_s3_bucket.two[1].arn,
        aws_s3_bucket.each["daily"].arn,
        aws_s3_bucket.each["weekly"].arn,
        data.aws_s3_bucket.existing.arn,
        aws_sqs_queue.elsewhere.arn,
        ], aws_s3_bucket.two[*].arn, values(aws_s3_bucket.each)[*].arn, [for bucket in aws_s3_bucket.many : bucket.arn]
      )
    }]
  })
}
