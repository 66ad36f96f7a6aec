variable "create" {
  type = bool
}

variable "teams" {
  type = set(string)
}

resource "aws_iam_policy" "maybe" {
  count  = var.create ? 1 : 0
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "s3:*", Resource = "*" }] })
}

resource "aws_iam_policy" "each_team" {
  for_each = var.teams
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = {
      Effect   = "Allow"
      Action   = "s3:ListBucket"
      Resource = "arn:aws:s3:::acme-${each.key}"
    }
  })
}

resource "aws_iam_policy" "known" {
  for_each = { daily = "acme-daily", weekly = "acme-weekly" }
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:ListBucket", Resource = "arn:aws:s3:::${each.value}" }]
  })
}

resource "aws_iam_policy" "counted" {
  count = 2
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:ListBucket", Resource = "arn:aws:s3:::acme-${count.index}" }]
  })
}

resource "aws_iam_policy" "none" {
  count  = 0
  policy = "{}"
}
