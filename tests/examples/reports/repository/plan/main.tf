variable "policy" {}

resource "aws_iam_role_policy" "planned" {
  name   = "planned"
  role   = "backup"
  policy = var.policy
}
