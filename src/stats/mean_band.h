// An interval for the mean of values in 0..1 from their count and sum alone, that may be looked at after every value.
//
// It covers the mean at all times together with chance 1 - alpha when the values' conditional mean is constant; of values whose
// mean moves, it covers nothing promised. Because count and sum are all it needs, a value may be corrected or taken back, parts
// add up, and order does not matter: made for labels that come late and change.
// The mean m stays in while the beta(1/2, 1/2) mixture of Bernoulli likelihoods over the likelihood of m is below 1/alpha. For
// 0 and 1 that ratio is a martingale; for other values in 0..1 it is at most one (Hoeffding 1963: their moment generating
// function is at most the Bernoulli one's), so the interval is wide but right.
// Sources: Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021 (beta-binomial mixture).
#pragma once

namespace firebreak::stats {

struct MeanBand {
  double low = 0, high = 1;
};

MeanBand mean_band(double n, double sum, double alpha);  // 0 <= sum <= n; no values: 0..1

// Limits above (below) which the mean lies with chance at most alpha, looked at once: for a finished sample, such as a reference.
// Of zeros and ones: Clopper & Pearson 1934.
double upper_share(double n, double hits, double alpha);
double lower_share(double n, double hits, double alpha);
// Of independent values in 0..1: n KL(sum / n, m) <= ln(1/alpha) (Hoeffding 1963), whatever their variance.
double upper_limit(double n, double sum, double alpha);
double lower_limit(double n, double sum, double alpha);
// The smaller of that and of the empirical Bernstein bound (Maurer & Pontil 2009, theorem 4), each at alpha / 2.
double upper_limit(double n, double sum, double squares, double alpha);

}  // namespace firebreak::stats
