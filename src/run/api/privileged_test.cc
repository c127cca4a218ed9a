// Notes under counsel's privilege: for everybody but counsel there are none, on any route, until counsel releases one.
#include <regex>

#include "run/api/town_for_tests.h"

namespace firebreak::api {
namespace {

constexpr const char* kAdvice = "Advice-Lena: settle before the hearing";

struct Firm : Town {
  std::string incident;
  Firm() {
    for (const auto& [name, role] : {std::pair("ana", "analyst"), {"ben", "approver"}, {"kim", "commander"}, {"lena", "legal"}, {"otto", "analyst legal"}, {"aud", "auditor"}}) person(name, role);
    endpoint();
    EXPECT_EQ(command("ana", "incident.declare", JsonObject{{"endpoint", "api"}, {"title", "odd answers"}, {"severity", "SEV-2"}}).status, 200);
    incident = string_or(parse_json(send("ana", "GET", "/api/v1/incidents").body)->at("items").as_array()[0], "id");
  }
  std::string path() const { return "/api/v1/incidents/" + incident + "/privileged"; }
  std::string write(const std::string& who, const std::string& text = kAdvice) {
    const auto response = send(who, "POST", path(), JsonObject{{"text", text}});
    EXPECT_EQ(response.status, 200) << response.body;
    return id_of(response);
  }
  // How many answers to `who` tell of the note, over every route that reads. What a route says of the id that it was asked for is no news.
  int told(const std::string& who, const std::string& note, const std::string& text = "Advice-Lena") {
    int seen = 0, routes = 0;
    for (const auto& [method, route] : api->routes()) {
      if (method != "GET" || route == "/api/v1/events" || !route.starts_with("/api/")) continue;
      for (const std::string& id : {incident, note}) {
        const std::string body = send(who, "GET", std::regex_replace(route, std::regex("\\{[^}]*\\}"), id) + (route == "/api/v1/journal" ? "?limit=1000" : "")).body;
        const auto has = [&](const std::string& what) { return body.find(what) != std::string::npos; };
        const bool told = has(text) || (id == incident && has("\"" + note + "\"")) || has("privileged_note_sealed") || (has("\"incident.privileged\"") && route != "/api/v1/roles");
        EXPECT_FALSE(told && who != "lena") << who << " " << route << ": " << body.substr(0, 500);
        seen += told;
      }
      ++routes;
    }
    EXPECT_GT(routes, 30);
    return seen;
  }
  std::string events(const std::string& who) {
    net::HttpClient http;
    http.set_token(who + "'s token");
    std::string all;
    program("token.add", JsonObject{{"user", "kim"}, {"token_hash", sha256(std::to_string(journal->size())).hex()}});
    const std::string end = "id: " + std::to_string(journal->size() - 1) + "\n";
    (void)http.stream(server->url() + "/api/v1/events?from=0", {}, [&](std::string_view part) {
      all += part;
      return all.find(end) == std::string::npos;
    }, 20'000'000);
    return all;
  }
};

TEST(Privileged, notes_are_for_counsel_alone_on_every_route) {
  Firm firm;
  const std::string note = firm.write("lena");
  ASSERT_TRUE(note.starts_with("priv-")) << note;
  for (const char* who : {"ana", "ben", "kim", "root", "aud"}) {
    EXPECT_EQ(firm.told(who, note), 0) << who;
    EXPECT_EQ(firm.send(who, "GET", firm.path()).status, 404) << who;
    EXPECT_EQ(firm.send(who, "GET", firm.path()).body, firm.send(who, "GET", "/api/v1/incidents/inc-4711/privileged").body) << "as if there were nothing";
    EXPECT_EQ(firm.events(who).find("privileged"), std::string::npos) << who;
  }
  for (const char* who : {"lena", "otto"}) EXPECT_NE(firm.send(who, "GET", firm.path()).body.find(kAdvice), std::string::npos) << who;
  EXPECT_GT(firm.told("lena", note), 0);
  EXPECT_NE(firm.events("lena").find("privileged_note_sealed"), std::string::npos);
}

TEST(Privileged, notes_may_be_written_by_who_works_on_the_incident_and_are_read_by_none_of_them) {
  Firm firm;
  const std::string asked = firm.write("ana", "Advice-Lena wanted: may we tell the bank?");
  EXPECT_EQ(firm.told("ana", asked), 0) << "who wrote it is no counsel either";
  const Json list = *parse_json(firm.send("lena", "GET", firm.path()).body);
  ASSERT_EQ(list.at("items").as_array().size(), 1u);
  EXPECT_EQ(string_or(list.at("items").at(0), "by"), "user:ana");
  EXPECT_EQ(firm.send("aud", "POST", firm.path(), JsonObject{{"text", "x"}}).status, 403) << "an auditor writes nothing";
  EXPECT_EQ(firm.send("ana", "POST", firm.path(), JsonObject{{"text", " "}}).status, 400);
  EXPECT_EQ(firm.send("ana", "POST", firm.path(), JsonObject{{"text", std::string(4'001, 'x')}}).status, 413);
  EXPECT_EQ(firm.send("ana", "POST", "/api/v1/incidents/inc-4711/privileged", JsonObject{{"text", "x"}}).status, 404);
  for (const char* name : {"incident.privileged", "incident.privileged_release"})
    EXPECT_EQ(firm.command("lena", name, JsonObject{{"incident", firm.incident}, {"sealed", std::string(64, 'a')}, {"note", asked}, {"reason", "r"}, {"text", "another"}}).status, 403) << "the server alone seals and opens";
}

TEST(Privileged, a_key_of_counsel_that_does_not_reach_to_incidents_opens_nothing) {
  Firm firm;
  firm.write("lena");
  const auto made = firm.send("lena", "POST", "/api/v1/keys", JsonObject{{"name", "press"}, {"scope", JsonArray{"message"}}, {"days", 7}});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(firm.send("", "GET", firm.path(), nullptr, {{"authorization", "Bearer " + string_or(*parse_json(made.body), "key")}}).status, 404);
}

TEST(Privileged, counsel_who_is_kept_from_the_incident_reads_nothing) {
  Firm firm;
  firm.write("lena");
  ASSERT_EQ(firm.command("kim", "incident.exclude", JsonObject{{"incident", firm.incident}, {"user", "otto"}, {"reason", "it is about otto"}}).status, 200);
  EXPECT_EQ(firm.send("otto", "GET", firm.path()).status, 404);
  EXPECT_EQ(firm.send("lena", "GET", firm.path()).status, 200);
}

TEST(Privileged, a_release_is_counsels_has_a_reason_and_makes_an_ordinary_note) {
  Firm firm;
  const std::string first = firm.write("ana"), second = firm.write("lena", "Advice-Lena, the other one");
  const std::string release = firm.path() + "/" + first + "/release";
  for (const char* who : {"ana", "kim", "root"}) EXPECT_EQ(firm.send(who, "POST", release, JsonObject{{"reason", "r"}}).status, 404) << who;
  EXPECT_EQ(firm.send("lena", "POST", release, JsonObject{{"reason", " "}}).status, 400);
  const auto released = firm.send("lena", "POST", release, JsonObject{{"reason", "the regulator is to have it"}});
  ASSERT_EQ(released.status, 200) << released.body;
  EXPECT_EQ(firm.send("lena", "POST", release, JsonObject{{"reason", "again"}}).status, 404);
  const std::string timeline = firm.send("ana", "GET", "/api/v1/incidents/" + firm.incident + "/timeline").body;
  EXPECT_NE(timeline.find(std::string("Note by ana: ") + kAdvice), std::string::npos) << "by who wrote it: " << timeline;
  EXPECT_NE(timeline.find(first + " released from counsel's privilege by lena: the regulator is to have it"), std::string::npos) << timeline;
  EXPECT_NE(firm.send("ana", "GET", "/api/v1/incidents/" + firm.incident + "/timeline?q=hearing").body.find(kAdvice), std::string::npos) << "it is found now";
  const std::string left = firm.send("lena", "GET", firm.path()).body;
  EXPECT_EQ(left.find(kAdvice), std::string::npos);
  EXPECT_NE(left.find("the other one"), std::string::npos);
  EXPECT_EQ(firm.told("kim", second, "the other one"), 0) << "the other one stays what it was";
}

TEST(Privileged, commands_that_are_refused_leave_no_sealed_note_behind) {
  Firm firm;
  for (int i = 0; i < 500; ++i) ASSERT_EQ(firm.send("lena", "POST", firm.path(), JsonObject{{"text", "x"}}).status, 200);
  const auto seeds = [&] { return firm.files.list("./keys/epochs/counsel-" + firm.incident).value().size(); };
  const std::size_t before = seeds();
  EXPECT_EQ(firm.send("lena", "POST", firm.path(), JsonObject{{"text", "one too many"}}).status, 413);
  EXPECT_EQ(seeds(), before);
}

}  // namespace
}  // namespace firebreak::api
