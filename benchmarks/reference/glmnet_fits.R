# Reference fits of R's glmnet, one explicit lambda each, converged to near rounding error.
#
# Run from the root of the repository (needs the R package glmnet):
#
#   Rscript benchmarks/reference/glmnet_fits.R tests/reference/glmnet_fits
#
# Writes into the folder given, all numbers with 17 significant digits:
#   X_<data>.csv, y_<data>.csv, w_<data>.csv   <data> is gaussian or binomial; no header
#   fits.json                                  versions of R and glmnet, and the fits
#
# family "gaussian" and "binomial" are glmnet's own solvers (family as a string);
# "gaussian()" is the same data through glmnet's general GLM path (family as an object),
# which does not divide the ridge part of the penalty by the sd of y.

suppressPackageStartupMessages(library(glmnet))

out <- commandArgs(trailingOnly = TRUE)
if (length(out) != 1) stop("usage: Rscript glmnet_fits.R OUTPUT_FOLDER")
dir.create(out, recursive = TRUE, showWarnings = FALSE)

RNGkind("Mersenne-Twister", "Inversion", "Rejection")
thresh <- 1e-26 # on squared steps; at 1e-30 rounding keeps some fits from converging

# Correlated columns with differing scales and non-zero means.
design <- function(n, scale, mean) {
  z <- matrix(rnorm(n * length(scale)), n) + 0.6 * rnorm(n)
  sweep(sweep(z, 2, scale, "*"), 2, mean, "+")
}

# Columns 2 and 4 have no effect, so the lasso sets about two of the five to zero.
set.seed(20240501)
x <- design(60, scale = c(2, 0.5, 1, 3, 1.5), mean = c(3, -1, 0.5, 10, -4))
y <- drop(20 + x %*% c(3.5, 0, -5, 0, 3) + rnorm(60, sd = 4))
gaussian_data <- list(x = x, y = y, w = sample(1:4, 60, replace = TRUE), lambda = 1.5)

set.seed(20240502)
x <- design(80, scale = c(1.5, 0.5, 1, 2, 0.8), mean = c(1, -2, 0.5, 4, -1))
eta <- drop(x %*% c(1.2, 0, -1.5, 0, 1.5) + 1)
y <- rbinom(80, 1, plogis(eta))
binomial_data <- list(x = x, y = y, w = sample(1:4, 80, replace = TRUE), lambda = 0.05)

families <- list(
  list(name = "gaussian", family = "gaussian", data = gaussian_data),
  list(name = "gaussian()", family = gaussian(), data = gaussian_data),
  list(name = "binomial", family = "binomial", data = binomial_data)
)

fit_one <- function(f, alpha, standardize, penalty_factor, weighted) {
  d <- f$data
  fit <- glmnet(
    d$x, d$y,
    family = f$family, alpha = alpha, lambda = d$lambda, standardize = standardize,
    penalty.factor = if (is.null(penalty_factor)) rep(1, ncol(d$x)) else penalty_factor,
    weights = if (weighted) d$w else NULL,
    thresh = thresh, maxit = 1e7
  )
  stopifnot(fit$jerr == 0)
  list(
    family = f$name, alpha = alpha, lambda = d$lambda, standardize = standardize,
    penalty_factor = penalty_factor, weighted = weighted,
    intercept = unname(fit$a0), coef = as.vector(fit$beta)
  )
}

options(warn = 2) # a warning means a fit that did not converge
fits <- list()
for (f in families) {
  for (alpha in c(0, 0.5, 1)) {
    for (standardize in c(FALSE, TRUE)) {
      for (pf in list(NULL, c(0, 1, 2, 1, 0.5))) {
        fits[[length(fits) + 1]] <- fit_one(f, alpha, standardize, pf, FALSE)
      }
    }
    fits[[length(fits) + 1]] <- fit_one(f, alpha, FALSE, NULL, TRUE)
  }
}

# jsonlite stops at 15 digits, so numbers are written by hand.
digits17 <- function(v) sprintf("%.17g", v)
boxed <- function(v) if (is.null(v)) "null" else sprintf("[%s]", paste(digits17(v), collapse = ","))
bool <- function(v) if (v) "true" else "false"
fit_json <- function(f) {
  sprintf(
    paste0(
      '{"family":"%s","alpha":%s,"lambda":%s,"standardize":%s,"penalty_factor":%s,',
      '"weighted":%s,"intercept":%s,"coef":%s}'
    ),
    f$family, digits17(f$alpha), digits17(f$lambda), bool(f$standardize),
    boxed(f$penalty_factor), bool(f$weighted), digits17(f$intercept), boxed(f$coef)
  )
}

write_csv <- function(a, name) {
  rows <- apply(as.matrix(a), 1, function(r) paste(digits17(r), collapse = ","))
  writeLines(rows, file.path(out, paste0(name, ".csv")))
}
for (name in c("gaussian", "binomial")) {
  d <- if (name == "gaussian") gaussian_data else binomial_data
  write_csv(d$x, paste0("X_", name))
  write_csv(d$y, paste0("y_", name))
  write_csv(d$w, paste0("w_", name))
}

writeLines(
  c(
    "{",
    sprintf(
      '"versions": {"R":"%s","glmnet":"%s"},',
      getRversion(), packageDescription("glmnet")$Version
    ),
    '"fits": [',
    paste(vapply(fits, fit_json, ""), collapse = ",\n"),
    "]", "}"
  ),
  file.path(out, "fits.json")
)
