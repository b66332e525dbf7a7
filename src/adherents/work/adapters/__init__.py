"""What runs a worker on Celery: imported only where `ADHERENTS_WORK_URL` names a broker."""
