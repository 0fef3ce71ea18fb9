"""What the hot copy does in Redis in one step each: Lua, and the keys it marks its state by."""

from shared.stores import lua

from .changes import FIELD, STREAM

FILLED = "plugwatch:filled"  #: run id of the Redis that holds a full copy
FRESH = "plugwatch:fresh"  #: the mark: until when (Redis time, ms) the copy counts, when that was found, which filling

#: KEYS: one a document. ARGV: stream length, tombstone TTL, whether to stream, then per document
#: revision, etag, document ("" for a deleted one), entry of the stream.
PUBLISH = f"""{lua.OURS}
local stream, length, ttl, streamed = '{STREAM}', ARGV[1], ARGV[2], ARGV[3] == '1'
for i, key in ipairs(KEYS) do
  local at = 3 + (i - 1) * 4
  local revision = tonumber(ARGV[at + 1])
  local held = tonumber(ours('HGET', key, 'revision') or '-1') or -1
  if revision > held then
    local document = ARGV[at + 3]
    redis.call('HSET', key, 'revision', ARGV[at + 1], 'etag', ARGV[at + 2], 'document', document)
    if document == '' then redis.call('EXPIRE', key, ttl) elseif held >= 0 then redis.call('PERSIST', key) end
    if streamed then ours('XADD', stream, 'MAXLEN', '~', length, '*', '{FIELD}', ARGV[at + 4]) end
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

#: ARGV: a stream id. Returns for how long (ms) the mark lives, which filling this is, whether that id is still in the
#: stream, and the newest one.
FOLLOWED = f"""{lua.READ}
local mark, time, after = read('HMGET', '{FRESH}', 'until', 'filling'), redis.call('TIME'), ARGV[1]
local lives = (tonumber(mark[1]) or 0) - time[1] * 1000 - math.floor(time[2] / 1000)
local held = after == '0-0' or #read('XRANGE', '{STREAM}', after, after) > 0
local newest = read('XREVRANGE', '{STREAM}', '+', '-', 'COUNT', 1)[1]
return {{math.max(0, lives), mark[2] or '', held and 1 or 0, newest and newest[1] or '0-0'}}
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
#: Only a Redis that was filled is marked, and not a copy of it: its run id tells. Returns 1 if it was.
MARK = f"""{lua.OURS}
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if ours('GET', '{FILLED}') ~= run_id then ours('HDEL', '{FRESH}', 'until') return 0 end
ours('HSET', '{FRESH}', 'found', ARGV[1], 'until', string.format('%d', ARGV[1] + ARGV[2]))
return 1
"""
