"""The owner's pages for tasks: their rules, and what each agent is handed."""
