-- What pandoc does not do for DOCX and ODT by itself: Word's own styles for quotations and lists, a page of its own
-- for the title, and a table of contents that is filled before anybody updates it.
--
-- The metadata `lw-title-page` and `lw-contents` (its heading) say what is wanted; they do not reach the file.

local docx = FORMAT == "docx"

local function escaped(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"):gsub('"', "&quot;"))
end

local function raw(text)
  return pandoc.RawBlock(docx and "openxml" or "opendocument", text)
end

local function styled(name, blocks)
  return pandoc.Div(blocks, pandoc.Attr("", {}, { ["custom-style"] = name }))
end

local function as_list(name)
  return function(list)
    for _, item in ipairs(list.content) do
      for n, block in ipairs(item) do
        if block.t == "Plain" or block.t == "Para" then
          item[n] = styled(name, { pandoc.Para(block.content) })
        end
      end
    end
    return list
  end
end

-- A table as wide as the line, its columns alike: without widths pandoc takes every page for a wide one.
local function as_wide_as_the_line(tab)
  for n, column in ipairs(tab.colspecs) do
    tab.colspecs[n] = { column[1], 1 / #tab.colspecs }
  end
  return tab
end

local function page_break()
  if docx then
    return raw('<w:p><w:r><w:br w:type="page"/></w:r></w:p>')
  end
  return raw('<text:p text:style-name="Page_20_Break"/>')
end

-- Headings down to the third level: level, anchor, words. Levels count from the highest that there is, for pandoc
-- moves them only after this.
local function entries(blocks)
  local found, number, top = {}, 0, 6
  for _, block in ipairs(blocks) do
    if block.t == "Header" then
      top = math.min(top, block.level)
    end
  end
  for _, block in ipairs(blocks) do
    if block.t == "Header" then
      number = number + 1
      block.identifier = "heading-" .. number
      local level = block.level - top + 1
      if level <= 3 then
        table.insert(found, { level, block.identifier, escaped(pandoc.utils.stringify(block.content)) })
      end
    end
  end
  return found
end

-- Word sets the page numbers when it opens the file (dirty); other programs show the entries as links.
local function docx_contents(title, found)
  local parts = {}
  for n, entry in ipairs(found) do
    local begin = n > 1 and "" or '<w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r>'
      .. '<w:r><w:instrText xml:space="preserve"> TOC \\o "1-3" \\h \\z \\u </w:instrText></w:r>'
      .. '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    local close = n == #found and '<w:r><w:fldChar w:fldCharType="end"/></w:r>' or ""
    table.insert(parts, string.format(
      '<w:p><w:pPr><w:pStyle w:val="TOC%d"/></w:pPr>%s<w:hyperlink w:anchor="%s" w:history="1">'
        .. '<w:r><w:t xml:space="preserve">%s</w:t></w:r></w:hyperlink>%s</w:p>',
      entry[1], begin, entry[2], entry[3], close))
  end
  return '<w:p><w:pPr><w:pStyle w:val="TOCHeading"/></w:pPr><w:r><w:t xml:space="preserve">' .. title
    .. "</w:t></w:r></w:p>" .. table.concat(parts)
end

local function odt_contents(title, found)
  local parts = {}
  for _, entry in ipairs(found) do
    table.insert(parts, string.format(
      '<text:p text:style-name="Contents_20_%d"><text:a xlink:type="simple" text:style-name="Contents_20_Link" text:visited-style-name="Contents_20_Link" xlink:href="#%s">%s<text:tab/>'
        .. '<text:bookmark-ref text:reference-format="page" text:ref-name="%s"/></text:a></text:p>',
      entry[1], entry[2], entry[3], entry[2]))
  end
  return '<text:table-of-content text:name="Contents" text:protected="true">'
    .. '<text:table-of-content-source text:outline-level="3"/><text:index-body>'
    .. '<text:index-title text:name="Contents_Head"><text:p text:style-name="Contents_20_Heading">' .. title
    .. "</text:p></text:index-title>" .. table.concat(parts) .. "</text:index-body></text:table-of-content>"
end

local function document(doc)
  local front = {}
  local title_page, contents = doc.meta["lw-title-page"], doc.meta["lw-contents"]
  doc.meta["lw-title-page"], doc.meta["lw-contents"] = nil, nil
  local found = entries(doc.blocks)
  if title_page then
    table.insert(front, page_break())
  end
  if contents and #found > 0 then
    local title = escaped(pandoc.utils.stringify(contents))
    table.insert(front, raw((docx and docx_contents or odt_contents)(title, found)))
    table.insert(front, page_break())
  end
  for n = #front, 1, -1 do
    table.insert(doc.blocks, 1, front[n])
  end
  return doc
end

local styles = { Table = as_wide_as_the_line }
if docx then
  styles.BlockQuote = function(quote) return styled("Quote", quote.content) end
  styles.BulletList = as_list("List Bullet")
  styles.OrderedList = as_list("List Number")
end

return { { Pandoc = document }, styles }
