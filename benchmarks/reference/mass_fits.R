# Reference fits of lm.ridge from R's MASS, on the data that python_peers.py wrote.
#
# Run from the root of the repository (needs the R packages MASS and jsonlite):
#
#   Rscript benchmarks/reference/mass_fits.R tests/reference/peer_fits
#
# Reads data.json from the folder given and writes mass.json: versions, lambda, and the coefficients of the columns as
# they are, intercept first, with 17 significant digits.

suppressPackageStartupMessages(library(MASS))

folder <- commandArgs(trailingOnly = TRUE)
if (length(folder) != 1) stop("usage: Rscript mass_fits.R FOLDER")
data <- jsonlite::fromJSON(file.path(folder, "data.json"))

fit_json <- function(lambda) {
  fit <- lm.ridge(data$real ~ data$X, lambda = lambda)
  sprintf('{"lambda":%.17g,"coef":[%s]}', lambda, paste(sprintf("%.17g", coef(fit)), collapse = ","))
}

writeLines(
  c(
    "{",
    sprintf('"versions": {"R":"%s","MASS":"%s"},', getRversion(), packageDescription("MASS")$Version),
    '"fits": [',
    paste(vapply(c(0.5, 20), fit_json, ""), collapse = ",\n"),
    "]", "}"
  ),
  file.path(folder, "mass.json")
)
