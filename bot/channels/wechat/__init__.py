"""WeChat official accounts (公众号) and WeCom (企业微信) applications, on one code path."""
