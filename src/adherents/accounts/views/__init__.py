"""What the browser sees of account life: `member.py` for members, `agent.py` for agents."""
