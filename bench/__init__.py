"""`make bench`: figures as ratios, each with its baseline, one JSON line each."""
