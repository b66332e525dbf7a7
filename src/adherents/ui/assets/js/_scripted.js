// Says to the stylesheet that the script runs: what only works with it may take the place of what works without.
document.documentElement.classList.add("scripted");
