locals {
  boundary = aws_iam_policy.boundary.arn
}

resource "aws_iam_role" "backup" {
  name                 = "veeam-backup"
  permissions_boundary = local.boundary
  managed_policy_arns  = [aws_iam_policy.older.arn]
  assume_role_policy   = "{}"

  inline_policy {
    name   = "own"
    policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })
  }
}

resource "aws_iam_role" "restore" {
  for_each           = toset(["a", "b"])
  name               = "restore-${each.key}"
  assume_role_policy = "{}"
}

resource "aws_iam_user" "anna" {
  name = "anna"
}

resource "aws_iam_group" "operators" {
  name = "operators"
}

resource "aws_iam_policy" "bucket" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:ListBucket", Resource = "*" }] })
}

resource "aws_iam_policy" "shared" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "*" }] })
}

resource "aws_iam_policy" "older" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:DeleteObject", Resource = "*" }] })
}

resource "aws_iam_policy" "boundary" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:*", Resource = "*" }] })
}

resource "aws_iam_group_policy" "operators" {
  group  = "operators"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:ListAllMyBuckets", Resource = "*" }] })
}

resource "aws_iam_role_policy" "restore" {
  role   = aws_iam_role.restore["a"].id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:RestoreObject", Resource = "*" }] })
}

resource "aws_iam_role_policy" "elsewhere" {
  role   = "made-elsewhere"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObjectTagging", Resource = "*" }] })
}
