resource "aws_s3_bucket" "repository" {
  bucket = "acme-veeam"
}

resource "aws_iam_role" "backup" {
  name               = "veeam-backup"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}
