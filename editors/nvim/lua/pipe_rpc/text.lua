--- What a terminal shows of text, without the terminal: no colours, no overwritten beginnings of lines.

local M = {}

local RETURN = ("\r"):byte()

--- What stands behind the last `\r` of a line that does not end it.
---@param line string
---@return string
local function overwritten(line)
  local last = #line
  while line:byte(last) == RETURN do
    last = last - 1
  end
  line = line:sub(1, last)
  -- Anchored: else a pattern is tried at each byte of a line, to its end.
  return line:match("^.*\r(.*)$") or line
end

--- Without escape sequences (ECMA-48: CSI, OSC and those of two characters), and without what `\r` lets be overwritten.
---@param text string
---@return string
function M.plain(text)
  text = text:gsub("\27%[[0-?]*[ -/]*[@-~]", ""):gsub("\27%][^\7\27]*\27?[\7\\]", ""):gsub("\27[ -/]*[0-~]", "")
  return text:find("\r", 1, true) and text:gsub("[^\n]+", overwritten) or text
end

--- Sequences of UTF-8 (RFC 3629, section 4) as patterns.
local SEQUENCES = {
  "[\194-\223][\128-\191]",
  "\224[\160-\191][\128-\191]",
  "[\225-\236\238-\239][\128-\191][\128-\191]",
  "\237[\128-\159][\128-\191]",
  "\240[\144-\191][\128-\191][\128-\191]",
  "[\241-\243][\128-\191][\128-\191][\128-\191]",
  "\244[\128-\143][\128-\191][\128-\191]",
}

--- Whether it is valid UTF-8. Names of files and values of the environment need not be.
---@param text string
---@return boolean
function M.is_utf8(text)
  if not text:find("[\128-\255]") then
    return true
  end
  for _, sequence in ipairs(SEQUENCES) do
    text = text:gsub(sequence, "?")
  end
  return not text:find("[\128-\255]")
end

return M
