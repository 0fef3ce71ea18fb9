"""What the hot copy does in Redis in one step each: Lua, and the keys it marks its state by."""

from shared.stores import lua

STREAM = "plugwatch:changes"
FIELD = "e"  #: the one field of an entry
FILLED = "plugwatch:filled"  #: run id of the Redis that holds a full copy
#: The mark: until when (Redis time, ms) the copy counts, when that was found, which filling; ``behind``, how far (s)
#: the worst rollup is, ``behind_until`` as that counts, and ``of:…`` for each: until when, and how far.
FRESH = "plugwatch:fresh"

#: KEYS: one a document. ARGV: stream length, tombstone TTL, whether to stream, then per document
#: revision, etag, document ("" for a deleted one), entry of the stream.
PUBLISH = f"""{lua.OURS}
local stream, length, ttl, streamed = '{STREAM}', ARGV[1], ARGV[2], ARGV[3] == '1'
for i, key in ipairs(KEYS) do
  local at = 3 + (i - 1) * 4
  local revision = tonumber(ARGV[at + 1])
  local was = ours('HMGET', key, 'revision', 'untold')
  local held, untold = tonumber(was[1] or '-1') or -1, was[2]
  if revision > held then
    local document = ARGV[at + 3]
    redis.call('HSET', key, 'revision', ARGV[at + 1], 'etag', ARGV[at + 2], 'document', document)
    if document == '' then redis.call('EXPIRE', key, ttl) elseif held >= 0 then redis.call('PERSIST', key) end
    -- a filling may come before the writer whose change it is: that one still tells of it
    if not streamed then redis.call('HSET', key, 'untold', 1) end
  end
  if streamed and (revision > held or (untold and revision == held)) then
    if untold then redis.call('HDEL', key, 'untold') end
    ours('XADD', stream, 'MAXLEN', '~', length, '*', '{FIELD}', ARGV[at + 4])
  end
end
"""

#: KEYS: one a document. One call for many, since a command costs its client more than its Redis.
#: Returns for how long (ms) nobody has vouched for the copy, -1 while the mark lives, and the documents.
READ = f"""{lua.READ}
local mark, time = read('HMGET', '{FRESH}', 'until', 'found'), redis.call('TIME')
local now, lapsed = time[1] * 1000 + math.floor(time[2] / 1000), -1
if now >= (tonumber(mark[1]) or 0) then lapsed = math.max(0, now - (tonumber(mark[2]) or 0)) end
local found = {{}}
for i, key in ipairs(KEYS) do
  local held = read('HMGET', key, 'etag', 'document')
  found[i] = {{held[1] or false, held[2] or false}}
end
return {{lapsed, found}}
"""

#: ARGV: a stream id. Returns for how long (ms) the mark lives, and for how long none has; how far (s) rollups are
#: behind, -1 where none says so; which filling this is, whether that id is still in the stream, and the newest one.
FOLLOWED = f"""{lua.READ}
local mark = read('HMGET', '{FRESH}', 'until', 'filling', 'found', 'behind', 'behind_until')
local time, after, behind = redis.call('TIME'), ARGV[1], -1
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lives, lapsed = (tonumber(mark[1]) or 0) - now, now - (tonumber(mark[3]) or 0)
if now < (tonumber(mark[5]) or 0) then behind = tonumber(mark[4]) or -1 end
local held = after == '0-0' or #read('XRANGE', '{STREAM}', after, after) > 0
local newest = (read('XREVRANGE', '{STREAM}', '+', '-', 'COUNT', 1)[1] or {{'0-0'}})[1]
return {{math.max(0, lives), math.max(0, lapsed), behind, mark[2] or '', held and 1 or 0, newest}}
"""

#: Returns which Redis process this is, which one was filled, and how many bytes the stream takes.
LOOK = f"""{lua.READ}
local filled, bytes = read('GET', '{FILLED}'), redis.call('MEMORY', 'USAGE', '{STREAM}')
if type(filled) ~= 'string' then filled = '' end
return {{string.match(redis.call('INFO', 'server'), 'run_id:(%w+)'), filled, bytes or 0}}
"""

#: KEYS: one a document, ARGV: the revision that each had. Returns the document where it is still that one,
#: 0 where there is none, nothing where it was overtaken: what is not told costs no bytes.
CURRENT = f"""{lua.READ}
local found = {{}}
for i, key in ipairs(KEYS) do
  local held = read('HGET', key, 'revision')
  if held == ARGV[i] then found[i] = redis.call('HGET', key, 'document')
  elseif held then found[i] = false else found[i] = 0 end
end
return found
"""

#: ARGV: when it was found (Redis time, ms) that all is published, and how long (ms) from then that counts.
#: Who says so, and how far (s) it is behind, "" where it does not know. The worst of those counts whose own mark does.
#: Only a Redis that was filled is marked, and not a copy of it: its run id tells. Returns 1 if it was.
MARK = f"""{lua.OURS}
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if ours('GET', '{FILLED}') ~= run_id then ours('HDEL', '{FRESH}', 'until') return 0 end
local time, ends, worst = redis.call('TIME'), string.format('%d', ARGV[1] + ARGV[2]), -1
local now = time[1] * 1000 + math.floor(time[2] / 1000)
ours('HSET', '{FRESH}', 'found', ARGV[1], 'until', ends, 'of:' .. ARGV[3], ends .. ' ' .. ARGV[4])
local held = redis.call('HGETALL', '{FRESH}')
for i = 1, #held, 2 do
  if string.sub(held[i], 1, 3) == 'of:' then
    local counts, behind = string.match(held[i + 1], '^(%d+) (%d+)$')
    if counts and tonumber(counts) > now then worst = math.max(worst, tonumber(behind))
    else redis.call('HDEL', '{FRESH}', held[i]) end
  end
end
redis.call('HSET', '{FRESH}', 'behind', worst, 'behind_until', ends)
return 1
"""
