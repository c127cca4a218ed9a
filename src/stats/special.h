// The special functions behind p values, in one place: Boost.Math costs seconds per file that includes it.
//
// Nothing throws; an argument outside the domain gives NaN, an infinite statistic the limit. Relative error below 1e-12
// as far out as a double reaches.
#pragma once

namespace firebreak::stats {

double normal_upper(double z);                        // P(Z > z), Z standard normal
double chi_square_upper(double x, double freedom);    // P(X > x)
double student_two_sided(double t, double freedom);   // P(|T| > |t|)
double bessel_k_quarter_scaled(double x);             // e^x K_{1/4}(x), x > 0; no underflow for large x
// The chance of a one is not above this, with confidence 1 - alpha, after `hits` in `n` (Clopper & Pearson 1934); 1 when all were.
double binomial_upper_limit(double hits, double n, double alpha);
double log_choose(double n, double k);                // ln of the binomial coefficient

}  // namespace firebreak::stats
