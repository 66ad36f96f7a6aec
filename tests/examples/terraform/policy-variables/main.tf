data "aws_iam_policy_document" "home" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::homes/&{aws:username}/*", "arn:aws:s3:::homes/$${aws:userid}/*"]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["&{aws:username}/*"]
    }
  }
}

resource "aws_iam_user" "anna" {
  name = "anna"
}

resource "aws_iam_user_policy" "home" {
  user   = aws_iam_user.anna.name
  policy = data.aws_iam_policy_document.home.json
}

resource "aws_iam_user_policy" "heredoc" {
  user   = "anna"
  policy = <<-EOF
    {
      "Version": "2012-10-17",
      "Statement": [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::$${aws:username}"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::%%{literal}"}
      ]
    }
    EOF
}
