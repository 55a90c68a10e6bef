/** Query with a column of every type that is read. */
export const ENGINE_QUERY = `SELECT (number + 9007199254740993)::UInt64 AS u64, (-number)::Int64 AS i64, (toUInt256(number) * -1)::UInt256 AS u256,
    -toInt256(number) AS i256, -toInt128(number) AS i128, toDecimal64(number, 8) AS d18, -toDecimal128(number, 8) AS d38,
    -toDecimal256(number, 16) AS d76, if(number = 1, NULL, number::UInt8) AS n, [number, 2]::Array(UInt16) AS a,
    map('k', 1.5, 'ü', number::Float64) AS m, (number::UInt32, 'x') AS t, ['a', toString(number)]::Array(LowCardinality(String)) AS al,
    if(number = 1, NULL, 'v')::LowCardinality(Nullable(String)) AS ln, CAST(1 + number % 2 AS Enum8('one' = 1, 'two\\'s' = 2)) AS e,
    toFixedString('ab', 3) AS f, toDate(number + 1) AS day, toDateTime(number, 'UTC') AS second,
    toDateTime64(number, 3, 'UTC') AS ms, number = 1 AS b, true AS yes, toFloat32(number / 2) AS f32,
    (number::Int8, [(number::Int16, '')])::Tuple(a Int8, b Array(Tuple(c Int16, \`d e\` String))) AS nt,
    [NULL, 'ä']::Array(Nullable(String)) AS an
  FROM numbers(2)`;

/** Answer of an engine to {@link ENGINE_QUERY}. */
export const ENGINE_BLOCK = Buffer.from(
  [
    'GAIDdTY0BlVJbnQ2NAEAAAAAACAAAgAAAAAAIAADaTY0BUludDY0AAAAAAAAAAD//////////wR1MjU2B1VJbnQyNTYAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP//////////////////////////////////////////BGkyNTYGSW50MjU2',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD//////////////////////////////////////////wRpMTI4Bklu',
    'dDEyOAAAAAAAAAAAAAAAAAAAAAD/////////////////////A2QxOA5EZWNpbWFsKDE4LCA4KQAAAAAAAAAAAOH1BQAAAAAD',
    'ZDM4DkRlY2ltYWwoMzgsIDgpAAAAAAAAAAAAAAAAAAAAAAAfCvr///////////////8DZDc2D0RlY2ltYWwoNzYsIDE2KQAA',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/kA153P////////////////////////////////8Bbg9OdWxsYWJs',
    'ZShVSW50OCkAAQAAAWENQXJyYXkoVUludDE2KQIAAAAAAAAABAAAAAAAAAAAAAIAAQACAAFtFE1hcChTdHJpbmcsIEZsb2F0',
    'NjQpAgAAAAAAAAAEAAAAAAAAAAFrAsO8AWsCw7wAAAAAAAD4PwAAAAAAAAAAAAAAAAAA+D8AAAAAAADwPwF0FVR1cGxlKFVJ',
    'bnQzMiwgU3RyaW5nKQAAAAABAAAAAXgBeAJhbB1BcnJheShMb3dDYXJkaW5hbGl0eShTdHJpbmcpKQEAAAAAAAAAAgAAAAAA',
    'AAAEAAAAAAAAAAAGAAAAAAAABAAAAAAAAAAAAWEBMAExBAAAAAAAAAABAgEDAmxuIExvd0NhcmRpbmFsaXR5KE51bGxhYmxl',
    'KFN0cmluZykpAQAAAAAAAAAABgAAAAAAAAMAAAAAAAAAAAABdgIAAAAAAAAAAgABZR5FbnVtOCgnb25lJyA9IDEsICd0d29c',
    'J3MnID0gMikBAgFmDkZpeGVkU3RyaW5nKDMpYWIAYWIAA2RheQREYXRlAQACAAZzZWNvbmQIRGF0ZVRpbWUAAAAAAQAAAAJt',
    'cxREYXRlVGltZTY0KDMsICdVVEMnKQAAAAAAAAAA6AMAAAAAAAABYgVVSW50OAABA3llcwRCb29sAQEDZjMyB0Zsb2F0MzIA',
    'AAAAAAAAPwJudDRUdXBsZShhIEludDgsIGIgQXJyYXkoVHVwbGUoYyBJbnQxNiwgYGQgZWAgU3RyaW5nKSkpAAEBAAAAAAAA',
    'AAIAAAAAAAAAAAABAAAAAmFuF0FycmF5KE51bGxhYmxlKFN0cmluZykpAgAAAAAAAAAEAAAAAAAAAAEAAQAAAsOkAALDpA==',
  ].join(''),
  'base64',
);
