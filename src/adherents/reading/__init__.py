"""Values read from papers, each with its proof: what is not proven is not said. Its pure part knows neither database nor web."""
