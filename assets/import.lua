-- A DOCX as prose: what a draft has no place for gives its words to the text around it.

local function flat(blocks)
  return pandoc.utils.blocks_to_inlines(blocks, { pandoc.Space() })
end

local function Table(tab)
  local simple = pandoc.utils.to_simple_table(tab)
  local function cells(row)
    for n, cell in ipairs(row) do
      row[n] = #cell > 0 and { pandoc.Plain(flat(cell)) } or {}
    end
  end
  cells(simple.headers)
  for _, row in ipairs(simple.rows) do
    cells(row)
  end
  if #simple.headers == 0 and #simple.rows > 0 then
    simple.headers = table.remove(simple.rows, 1)
  end
  return pandoc.utils.from_simple_table(simple)
end

return {
  {
    Note = function(note)
      local words = flat(note.content)
      words:insert(1, pandoc.Str(" ("))
      words:insert(pandoc.Str(")"))
      return words
    end,
    Image = function(image) return image.caption end,
    Link = function(link) return link.content end,
    Span = function(span) return span.content end,
    Underline = function(inline) return inline.content end,
    Superscript = function(inline) return inline.content end,
    Subscript = function(inline) return inline.content end,
    SmallCaps = function(inline) return inline.content end,
    Strikeout = function(inline) return inline.content end,
    Math = function(math) return pandoc.Str(math.text) end,
    Figure = function(figure) return figure.content end,
    Div = function(div) return div.content end,
  },
  { Table = Table },
}
