// What bodies of inference requests and answers hold, whatever platform carried them: rows of features, answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::taps {

// Rows of features. JSON: {"instances": […]}, {"inputs": […]} (Open Inference v2), {"features": {…}}, {"data": […]}, an object of
// scalars (one row), an array of rows. A row is an object of scalars or an array, which gets the names of `columns`.
Result<std::vector<JsonObject>> rows_of_json(const Json& body, const std::vector<std::string>& columns);
Result<std::vector<JsonObject>> rows_of_csv(std::string_view text, const std::vector<std::string>& columns);

// Answers {label?, score?}. JSON: {"predictions": […]}, {"outputs": […]} (v2), an object with label or score (or
// predicted_label, prediction), an array of answers; a number is a score, a text a label, an array the scores of classes.
Result<std::vector<JsonObject>> answers_of_json(const Json& body);
Result<std::vector<JsonObject>> answers_of_csv(std::string_view text);

}  // namespace firebreak::taps
