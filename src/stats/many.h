// Many questions at once.
//
// e_bh: which of the null hypotheses to reject, so that the expected share of wrong ones among them is at most alpha under ANY
// dependence. For e-values of one point in time; running maxima of e-processes are none.
// Source: Wang & Ramdas 2022.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace firebreak::stats {

// Positions of the rejected ones, ascending. log_e: natural logarithms of the e-values.
std::vector<std::size_t> e_bh(std::span<const double> log_e, double alpha);

}  // namespace firebreak::stats
