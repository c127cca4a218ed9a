#include "run/app/calls.h"

#include <gtest/gtest.h>

namespace firebreak::app {
namespace {

Json json(std::string_view text) { return *parse_json(text); }

TEST(ConnectorAnswer, stands_under_its_own_names_and_under_those_that_the_step_asks_for) {
  const JsonObject values = json(R"({"version": "2", "weights": {"blue/green": 0.25, "b": 1}, "objects": 7})").as_object();
  EXPECT_EQ(Json(told_by_connector(values, json(R"([{"to": "__alias_before__", "pointer": "/version"}, {"to": "__w__", "pointer": "/weights/blue~1green"}])"))),
            json(R"({"result": "done", "values": {"__version__": "2", "__weights__": "{\"b\":1,\"blue/green\":0.25}", "__objects__": "7", "__alias_before__": "2", "__w__": "0.25"}})"));
  EXPECT_FALSE(told_by_connector(values, json("[]")).contains("error"));
}

// The step then fails: a variable without a value would be found much later.
TEST(ConnectorAnswer, says_what_it_does_not_have) {
  const JsonObject body = told_by_connector(json(R"({"weights": {}, "digest": null})").as_object(), json(R"([{"to": "__w__", "pointer": "/weights/a"}])"));
  EXPECT_NE(string_or(Json(body), "error").find("/weights/a"), std::string::npos) << canonical_json(body);
  EXPECT_NE(string_or(Json(told_by_connector(json(R"({"digest": null})").as_object(), json(R"([{"to": "__d__", "pointer": "/digest"}])"))), "error"), "");
}

}  // namespace
}  // namespace firebreak::app
