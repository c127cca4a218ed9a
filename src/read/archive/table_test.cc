#include "read/archive/table.h"

#include <gtest/gtest.h>

namespace firebreak::archive {
namespace {

TEST(Table, gives_each_column_a_name_of_its_own_in_any_case) {
  Table table;
  table.add("index", CellType::kUnsigned);
  table.add("Index", CellType::kText, "/Index", "text");
  table.add("INDEX", CellType::kText, "/INDEX", "text");
  EXPECT_EQ(table.columns[1].name, "Index#2");
  EXPECT_EQ(table.columns[2].name, "INDEX#3");
}

TEST(Table, quotes_names_that_would_be_sql) {
  Table table;
  table.name = "in\"ference";
  table.add("a\"); DROP TABLE x; --", CellType::kNumber);
  EXPECT_EQ(table.create_sql(), R"(CREATE TABLE "in""ference" ("a""); DROP TABLE x; --" DOUBLE))");
  EXPECT_EQ(quoted_text("it's"), "'it''s'");
}

TEST(Table, comes_back_as_it_was_and_with_an_unknown_type_not_at_all) {
  Table table;
  table.name = "label";
  table.file = "x";
  table.add("admitted", CellType::kTime, "/admitted", "time");
  Json json = to_json(table);
  EXPECT_EQ(canonical_json(to_json(*table_from_json(json))), canonical_json(json));
  json.as_object()["columns"].as_array()[0].as_object()["type"] = "BLOB";
  EXPECT_FALSE(table_from_json(json));
}

}  // namespace
}  // namespace firebreak::archive
