#include "world/store/xml.h"

#include <gtest/gtest.h>

#include "base/markup.h"

namespace firebreak::store {
namespace {

TEST(Xml, reads_elements_by_their_local_names) {
  const auto root = parse_xml("<?xml version=\"1.0\"?>\n<s:R xmlns:s=\"u\" a='1' >\n <s:K>a&amp;b&#x41;&#66;</s:K><Empty/><K>second</K>\n</s:R>\n");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->name, "R");
  EXPECT_EQ(root->text, "");
  EXPECT_EQ(root->text_of("K"), "a&bAB");
  EXPECT_EQ(root->children.size(), 3u);
  EXPECT_EQ(root->child("Absent"), nullptr);
}

TEST(Xml, refuses_what_no_such_answer_needs) {
  for (const char* bad : {"", "text", "<a>", "<a></b>", "<a/><b/>", "<a b></a>", "<a b=c></a>", "<a b='<'></a>", "<!DOCTYPE a><a/>", "<a><![CDATA[x]]></a>",
                          "<a><!-- x --></a>", "<a><?p x?></a>", "<a>&nbsp;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&</a>", "<a/>x",
                          "<?xml", "< a/>"})
    EXPECT_FALSE(parse_xml(bad)) << bad;
}

TEST(Xml, refuses_what_is_nested_too_deeply) {
  const auto nested = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += "<a>";
    for (std::size_t i = 0; i < depth; ++i) text += "</a>";
    return text;
  };
  EXPECT_TRUE(parse_xml(nested(kXmlDepth)));
  EXPECT_FALSE(parse_xml(nested(kXmlDepth + 1)));
}

TEST(Xml, reads_back_what_it_escapes) {
  EXPECT_EQ(parse_xml("<a>" + escape_markup("<&\">'") + "</a>")->text, "<&\">'");
}

}  // namespace
}  // namespace firebreak::store
