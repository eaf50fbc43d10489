"""Small sets of cases for each agent, judged by verifiers: what it can do without a model, and with a small one."""
