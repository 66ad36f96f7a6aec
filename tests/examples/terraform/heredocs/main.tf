locals {
  buckets = ["acme-daily", "acme-weekly"]
}

variable "more" {
  type = list(string)
}

variable "kms" {
  type = bool
}

resource "aws_iam_role_policy" "loop" {
  role   = "veeam"
  policy = <<-EOF
    {
      "Version": "2012-10-17",
      "Statement": [
        %{~ for index, bucket in local.buckets ~}
        {
          "Effect": "Allow",
          "Action": "s3:ListBucket",
          "Resource": "arn:aws:s3:::${bucket}"
        }%{ if index < length(local.buckets) - 1 },%{ endif }
        %{~ endfor ~}
      ]
    }
  EOF
}

resource "aws_iam_role_policy" "encoded" {
  role   = "veeam"
  policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": ${jsonencode(concat(["s3:GetObject"], ["s3:PutObject"]))},
    "Resource": ["arn:aws:s3:::acme/*", ${join(", ", formatlist("\"%s/*\"", var.more))}]
  }
}
EOF
}

resource "aws_iam_role_policy" "unknown_part" {
  role   = "veeam"
  policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    %{ if var.kms }, {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}%{ endif }
  ]
}
EOF
}

resource "aws_iam_role_policy" "template" {
  role = "veeam"
  policy = templatefile("${path.module}/policy.json.tftpl", {
    buckets = local.buckets
    account = data.aws_caller_identity.current.account_id
  })
}

data "aws_caller_identity" "current" {}
