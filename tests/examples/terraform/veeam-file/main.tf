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

resource "aws_iam_role_policy" "veeam" {
  role   = aws_iam_role.backup.id
  policy = file("${path.module}/veeam.json")
}
