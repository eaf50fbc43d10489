"""What `benchmarks.billing_chaos` is made of: who works, and who kills them."""
