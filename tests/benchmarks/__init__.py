"""What `manage.py benchmark` measures, each beside the baseline that it is compared with."""
