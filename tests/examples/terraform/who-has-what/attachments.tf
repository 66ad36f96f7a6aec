resource "aws_iam_role_policy_attachment" "bucket" {
  role       = aws_iam_role.backup.name
  policy_arn = aws_iam_policy.bucket.arn
}

resource "aws_iam_role_policy_attachment" "managed_by_aws" {
  role       = aws_iam_role.backup.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_policy_attachment" "shared" {
  name       = "shared"
  roles      = ["veeam-backup"]
  users      = [aws_iam_user.anna.name]
  groups     = [aws_iam_group.operators.name]
  policy_arn = aws_iam_policy.shared.arn
}

resource "aws_iam_group_membership" "operators" {
  name  = "operators"
  group = aws_iam_group.operators.name
  users = [aws_iam_user.anna.name, "bert"]
}

resource "aws_iam_user_group_membership" "carla" {
  user   = "carla"
  groups = [aws_iam_group.operators.name]
}

resource "aws_iam_role_policy_attachments_exclusive" "restore" {
  for_each    = aws_iam_role.restore
  role_name   = each.value.name
  policy_arns = [for policy in [aws_iam_policy.bucket, aws_iam_policy.shared] : policy.arn]
}
