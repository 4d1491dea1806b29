/**
 * What `aws/event-ruler` 2.0.1, the open-source matcher behind filter patterns, was seen to answer; every line was put to it. The
 * last ones, which Lambda itself was seen to answer, come from the tests of LocalStack that are marked as validated against AWS.
 */

/** The array of a leaf, values that pass it and values that do not. `undefined` is no value at all. */
type LeafFact = readonly [leaf: readonly unknown[], passing: readonly unknown[], failing: readonly unknown[]];

export const leafFacts: { readonly [operator: string]: readonly LeafFact[] } = {
  exact: [
    [['PAID'], ['PAID', ['NEW', 'PAID']], ['paid', 'PAID ', '', 'PAIDX', [], ['PA', 'ID'], null, undefined]],
    [
      ['', 'x'],
      ['', 'x', [[''], 1]],
      [' ', null, undefined, []],
    ],
    [['é'], ['é'], ['e\u0301', 'e', 'É']],
    [['"x"'], ['"x"'], ['x']],
    [['*'], ['*'], ['x']],
    [[null], [null, [1, null]], ['null', '', 0, false, undefined, []]],
    [[true], [true], ['true', false, 1, undefined]],
    [[300], [300, 3e2, [1, 300]], ['300', 300.5, undefined]],
    [[0], [0, -0], ['0', false, null]],
    [['10.0.0.1'], ['10.0.0.1', '10.0.0.01'], ['10.0.0.2', '10.0.0.1 ', 'x']],
    [['::1'], ['::1', '0:0:0:0:0:0:0:1', '0000::0001'], ['::2', '1']],
    [['256.0.0.1'], ['256.0.0.1'], ['256.0.0.01']],
    [['12:30'], ['12:30'], ['012:30']],
    [[{ exactly: 'x' }], ['x'], ['y', undefined]],
  ],
  'anything-but': [
    [[{ 'anything-but': 'x' }], ['y', '', 'xx', 1, true, null, ['x', 'y']], ['x', ['x'], [], undefined, {}]],
    [[{ 'anything-but': ['x', 'y'] }], ['z', 1, null, ['x', 'z']], ['x', 'y', ['x', 'y'], undefined]],
    [[{ 'anything-but': 100 }], [101, '100', 'x', null, false], [100, 1e2, undefined]],
    [[{ 'anything-but': [1, 2] }], [3, '1', null, [1, 3]], [1, 2, [1, 2], undefined]],
    [[{ 'anything-but': { prefix: 'in' } }], ['out', 'i', 1, null], ['in', 'init', undefined]],
    [[{ 'anything-but': { prefix: ['in', 'er'] } }], ['out', ''], ['init', 'error', undefined]],
    [[{ 'anything-but': { suffix: '.jar' } }], ['a.jars', 'jar', 1], ['a.jar', '.jar', undefined]],
    [[{ 'anything-but': { suffix: ['a', 'b'] } }], ['bac', ''], ['ba', 'ab', undefined]],
    [[{ 'anything-but': { 'equals-ignore-case': 'New' } }], ['newer', null], ['NEW', 'new', undefined]],
    [[{ 'anything-but': { 'equals-ignore-case': ['a', 'B'] } }], ['c', 'ab'], ['A', 'b', undefined]],
    [[{ 'anything-but': { wildcard: 'x*z' } }], ['xy', 'yxz', 1], ['xz', 'xyz', undefined]],
    [[{ 'anything-but': { wildcard: ['*x', '*y'] } }], ['yz', ''], ['ax', 'y', undefined]],
    [[{ 'anything-but': '10.0.0.1' }], ['10.0.0.01'], ['10.0.0.1']],
  ],
  prefix: [
    [[{ prefix: 'ab' }], ['ab', 'abc', ['x', 'abc']], ['a', 'AB', 'xab', '', 12, undefined]],
    [[{ prefix: '' }], ['', 'x'], [1, null, true, undefined]],
    [[{ prefix: '1' }], ['1', '10'], [1, 10]],
    [[{ prefix: 'ab"' }], ['ab', 'ab"c'], ['abc', 'a']],
    [[{ prefix: { 'equals-ignore-case': 'aB' } }], ['ab', 'ABC', 'Abx'], ['a', 'xab', undefined]],
  ],
  suffix: [
    [[{ suffix: 'bc' }], ['bc', 'abc'], ['bcd', 'BC', 'c', 1, undefined]],
    [[{ suffix: '' }], ['', 'x'], [1, null, undefined]],
    [[{ suffix: '大😀' }], ['小大😀'], ['大小😀']],
    [[{ suffix: { 'equals-ignore-case': 'Bc' } }], ['bc', 'aBC'], ['bcd', undefined]],
  ],
  'equals-ignore-case': [
    [[{ 'equals-ignore-case': 'PaId' }], ['paid', 'PAID', 'pAiD'], ['paids', 'pai', '', null, undefined]],
    [[{ 'equals-ignore-case': 'äß' }], ['äß', 'ÄSS', 'äSS'], ['äss', 'as', 'ÄẞS']],
    [[{ 'equals-ignore-case': 'a.(c' }], ['A.(C'], ['abc', 'ab(c']],
    [[{ 'equals-ignore-case': '1' }], ['1'], [1]],
    [[{ 'equals-ignore-case': 'a😀' }], ['A??'], ['a😀', 'A😀', 'a?']],
  ],
  wildcard: [
    [[{ wildcard: 'a*c' }], ['ac', 'abc', 'a*c', 'ac c'], ['a', 'abcd', 'xac', 'AC', 1, undefined]],
    [[{ wildcard: '*' }], ['', 'x'], [1, null, undefined]],
    [[{ wildcard: 'xyz' }], ['xyz'], ['xy', 'xyzz']],
    [[{ wildcard: 'a*a' }], ['aa', 'aba'], ['a']],
    [[{ wildcard: '*b*b*' }], ['bb', 'abcbd'], ['b', 'ab']],
    [[{ wildcard: 'a\\*c' }], ['a*c'], ['abc', 'a\\*c']],
    [[{ wildcard: 'a\\\\*' }], ['a\\', 'a\\b'], ['a', 'a*']],
  ],
  numeric: [
    [[{ numeric: ['=', 301.8] }], [301.8, 3.018e2], ['301.8', 301, null, undefined]],
    [[{ numeric: ['<', 10] }], [9.99, -1e300], [10, 11, '9', true, null, undefined]],
    [[{ numeric: ['<=', 10] }], [10, 0, -0], [10.01, '10']],
    [[{ numeric: ['>', 0] }], [1e-300, 1, [-1, 1]], [0, -0, -1, '1', [], undefined]],
    [[{ numeric: ['>=', 0] }], [0, -0, 1], [-1e-300, '0']],
    [[{ numeric: ['>', 0, '<=', 5] }], [0.1, 5], [0, 5.1, [0, 6], '3']],
    [[{ numeric: ['>=', -1, '<', 1] }], [-1, 0.999], [1, -1.1]],
  ],
  exists: [
    [
      [{ exists: true }],
      ['', 0, null, false, [1], [[null]]],
      [undefined, [], {}, { x: 1 }, [{ x: 1 }], [[]]],
    ],
    [[{ exists: false }], [undefined, [], {}, { x: 1 }, [{ x: 1 }], [[]]], ['', 0, null, false, [1]]],
    [
      [{ exists: false }, 'x'],
      [undefined, 'x', {}, ['y', 'x']],
      ['y', null, ['y']],
    ],
    [[{ exists: false }, { exists: true }], [undefined, 'x', {}, null], []],
  ],
  cidr: [
    [
      [{ cidr: '10.0.0.0/24' }],
      ['10.0.0.0', '10.0.0.255', '10.0.0.01'],
      ['10.0.1.0', '10.0.0', 10, undefined],
    ],
    [[{ cidr: '10.0.0.5/31' }], ['10.0.0.4', '10.0.0.5'], ['10.0.0.6', '10.0.0.3']],
    [[{ cidr: '0.0.0.0/0' }], ['255.255.255.255'], ['256.0.0.1', 'x', '']],
    [[{ cidr: '2001:db8::/32' }], ['2001:db8::', '2001:DB8:ffff::1'], ['2001:db9::', '10.0.0.1']],
    [[{ cidr: '::/127' }], ['::', '::1', '0:0:0:0:0:0:0:1'], ['::2', ':', '1::2::3', '1:2:3:4:5:6:7::8']],
  ],
};

/** A pattern, records that match it and records that do not. */
type RecordFact = readonly [
  claim: string,
  pattern: object,
  matching: readonly object[],
  other: readonly object[],
];

export const recordFacts: readonly RecordFact[] = [
  [
    'all fields have to match, and one value of each is enough',
    { a: ['x', 'y'], b: { c: [1] } },
    [{ a: 'y', b: { c: 1 } }],
    [{ a: 'y', b: { c: 2 } }, { b: { c: 1 } }, { a: 'z', b: { c: 1 } }],
  ],
  [
    'an array matches by any of its elements, however deep in arrays',
    { a: ['x'] },
    [{ a: ['y', 'x'] }, { a: [['y'], [['x']]] }],
    [{ a: ['y'] }, { a: [{ x: 'x' }] }],
  ],
  [
    'fields under one array come from the same element',
    { a: { b: ['x'], c: ['y'] } },
    [{ a: [{ b: 'z' }, { b: 'x', c: 'y' }] }, { a: [[{ b: 'x', c: ['z', 'y'] }]] }],
    [{ a: [{ b: 'x' }, { c: 'y' }] }, { a: [[{ b: 'x' }], [{ c: 'y' }]] }],
  ],
  [
    'fields under two arrays are free of each other, as are values that are no objects',
    { a: { x: ['1'] }, b: { x: ['2'] } },
    [{ a: [{ x: '0' }, { x: '1' }], b: [{ x: '2' }, { x: '0' }] }],
    [{ a: [{ x: '1' }], b: [{ x: '1' }] }],
  ],
  [
    'a field is absent if the element that the fields before it chose has none, by the order of their names',
    { a: { b: ['x'], c: [{ exists: false }] } },
    [{ a: [{ b: 'x' }, { c: 1 }] }, { a: [{ b: 'x', c: 1 }, { b: 'x' }] }],
    [{ a: [{ b: 'x', c: 1 }, { b: 'y' }] }],
  ],
  [
    'a field that has to be absent and comes first is looked for in all elements',
    { a: { b: [{ exists: false }], c: ['x'] } },
    [{ a: [{ c: 'x' }] }],
    [{ a: [{ c: 'x' }, { b: 1 }] }],
  ],
  [
    'names are joined by dots',
    { 'a.b': ['x'], c: { d: ['y'] } },
    [
      { a: { b: 'x' }, 'c.d': 'y' },
      { 'a.b': 'x', c: { d: 'y' } },
    ],
    [{ a: { c: 'x' }, 'c.d': 'y' }],
  ],
  [
    'names are compared as they are',
    { A: ['x'], __proto: ['y'], '': ['z'] },
    [{ A: 'x', __proto: 'y', '': 'z' }],
    [{ a: 'x', __proto: 'y', '': 'z' }],
  ],
  [
    '$or is met by one of its alternatives',
    { a: ['x'], $or: [{ b: ['y'] }, { c: { d: ['z'] }, e: ['w'] }] },
    [
      { a: 'x', b: 'y' },
      { a: 'x', c: { d: 'z' }, e: 'w' },
    ],
    [{ b: 'y' }, { a: 'x', c: { d: 'z' } }, { a: 'x' }],
  ],
  [
    '$or stands beside others and within others, at any depth',
    { a: { $or: [{ b: ['x'] }, { $or: [{ c: ['y'] }, { d: ['z'] }] }] }, $or: [{ e: [1] }, { f: [1] }] },
    [
      { a: { b: 'x' }, f: 1 },
      { a: { d: 'z' }, e: 1 },
    ],
    [{ a: { d: 'z' } }, { e: 1, f: 1 }],
  ],
  [
    'a field that an alternative has too is tested as the alternative says, where that comes later',
    { a: ['x'], $or: [{ a: ['y'] }, { b: ['z'] }] },
    [{ a: 'y' }, { a: 'x', b: 'z' }],
    [{ a: 'x' }, { a: 'w', b: 'z' }],
  ],
  [
    '$or with one of the names of operators in it is a field of that name, and so is one without objects',
    { $or: [{ prefix: 'x' }, { suffix: 'y' }], a: { $or: ['z'] } },
    [{ $or: 'xz', a: { $or: 'z' } }],
    [{ prefix: 'x', a: { $or: 'z' } }, { $or: 'xz' }],
  ],
  [
    'a field may be named like an operator outside of $or',
    { prefix: ['x'], exists: { numeric: [1] } },
    [{ prefix: 'x', exists: { numeric: 1 } }],
    [{ prefix: 'xy', exists: { numeric: 1 } }],
  ],
];

/** Patterns that are refused, as text where they are no JSON of an object, and the place that is named. */
export const refusals: readonly (readonly [pattern: object | string, place: string])[] = [
  ['', 'the pattern'],
  ['single-string', 'the pattern'],
  ['[{"eventName": ["INSERT"=123}]', 'the pattern'],
  ['[]', 'the pattern'],
  ['null', 'the pattern'],
  ['"x"', 'the pattern'],
  [{}, 'the pattern'],
  [{ a: 'x' }, 'a'],
  [{ a: null }, 'a'],
  [{ a: [] }, 'a'],
  [{ a: { b: {} } }, 'a.b'],
  [{ a: { b: [['x']] } }, 'a.b[0]'],
  [{ a: ['x', {}] }, 'a[1]'],
  [{ a: [{ nope: 'x' }] }, 'a[0]'],
  [{ a: [{ toString: 'x' }] }, 'a[0]'],
  [{ a: [{ prefix: 'x', suffix: 'y' }] }, 'a[0]'],
  [{ a: [{ exactly: 1 }] }, 'a[0].exactly'],
  [{ a: [{ prefix: 1 }] }, 'a[0].prefix'],
  [{ a: [{ prefix: ['x'] }] }, 'a[0].prefix'],
  [{ a: [{ prefix: { suffix: 'x' } }] }, 'a[0].prefix'],
  [{ a: [{ suffix: { 'equals-ignore-case': ['x'] } }] }, 'a[0].suffix.equals-ignore-case'],
  [{ a: [{ 'equals-ignore-case': ['x'] }] }, 'a[0].equals-ignore-case'],
  [{ a: [{ wildcard: ['x'] }] }, 'a[0].wildcard'],
  [{ a: [{ wildcard: 'x**y' }] }, 'a[0].wildcard'],
  [{ a: [{ wildcard: 'x\\y' }] }, 'a[0].wildcard'],
  [{ a: [{ wildcard: 'x\\' }] }, 'a[0].wildcard'],
  [{ a: [{ exists: 'true' }] }, 'a[0].exists'],
  [{ a: [{ 'anything-but': [] }] }, 'a[0].anything-but'],
  [{ a: [{ 'anything-but': ['x', 1] }] }, 'a[0].anything-but'],
  [{ a: [{ 'anything-but': null }] }, 'a[0].anything-but'],
  [{ a: [{ 'anything-but': true }] }, 'a[0].anything-but'],
  [{ a: [{ 'anything-but': { numeric: ['>', 1] } }] }, 'a[0].anything-but'],
  [{ a: [{ 'anything-but': { prefix: '' } }] }, 'a[0].anything-but'],
  [{ a: [{ 'anything-but': { prefix: [1] } }] }, 'a[0].anything-but.prefix'],
  [{ a: [{ 'anything-but': { wildcard: '**' } }] }, 'a[0].anything-but'],
  [{ a: [{ numeric: 5 }] }, 'a[0].numeric'],
  [{ a: [{ numeric: [] }] }, 'a[0].numeric'],
  [{ a: [{ numeric: ['>'] }] }, 'a[0].numeric'],
  [{ a: [{ numeric: ['!=', 5] }] }, 'a[0].numeric'],
  [{ a: [{ numeric: ['>', '5'] }] }, 'a[0].numeric'],
  [{ a: [{ numeric: ['>', 5, '<', 5] }] }, 'a[0].numeric'],
  [{ a: [{ numeric: ['<', 5, '>', 1] }] }, 'a[0].numeric'],
  [{ a: [{ numeric: ['=', 5, '<', 9] }] }, 'a[0].numeric'],
  [{ a: [{ numeric: ['>', 1, '<', 5, '<', 6] }] }, 'a[0].numeric'],
  [{ a: [{ cidr: '10.0.0.0' }] }, 'a[0].cidr'],
  [{ a: [{ cidr: '10.0.0.0/32' }] }, 'a[0].cidr'],
  [{ a: [{ cidr: '::/128' }] }, 'a[0].cidr'],
  [{ a: [{ cidr: '10.0.0.0/-1' }] }, 'a[0].cidr'],
  [{ a: [{ cidr: '300.0.0.0/8' }] }, 'a[0].cidr'],
  [{ a: [{ cidr: 10 }] }, 'a[0].cidr'],
  [{ $or: [{ a: ['x'] }] }, '$or'],
  [{ $or: { a: ['x'], b: 'y' } }, '$or'],
  [{ a: { $or: [{ b: ['x'] }, {}] } }, 'a'],
  [{ $or: [{ a: ['x'] }, { b: { prefix: ['y'] } }] }, 'b.prefix'],
  [{ $or: [{ regex: ['x'] }, { a: ['y'] }] }, 'regex'],
];

/** A filter of Lambda's mappings, items that came to the function and items that did not. */
export const lambdaFacts: readonly RecordFact[] = [
  [
    'an exact text, below the letter of its type',
    imageWith({ presentKey: { S: ['presentValue'] } }),
    [inserted({ presentKey: { S: 'presentValue' } })],
    [inserted({}), inserted({ presentKey: { S: 'other' } })],
  ],
  [
    'without the letter of a type no value is seen',
    imageWith({ presentKey: ['presentValue'] }),
    [],
    [inserted({ presentKey: { S: 'presentValue' } })],
  ],
  [
    'a text that exists',
    imageWith({ presentKey: { S: [{ exists: true }] } }),
    [inserted({ presentKey: { S: 'presentValue' } })],
    [inserted({})],
  ],
  [
    'without the letter of a type nothing exists',
    imageWith({ presentKey: [{ exists: true }] }),
    [],
    [inserted({ presentKey: { S: 'presentValue' } })],
  ],
  [
    'without the letter of a type everything is absent',
    imageWith({ presentKey: [{ exists: false }] }),
    [inserted({}), inserted({ presentKey: { S: 'presentValue' } })],
    [],
  ],
  [
    'a number is a text: numeric never matches it, anything-but does',
    imageWith({ amount: { N: [{ numeric: ['>', 100] }, { 'anything-but': '101' }] } }),
    [inserted({ amount: { N: '42' } })],
    [inserted({ amount: { N: '101' } })],
  ],
  [
    'a prefix',
    imageWith({ prefix: { S: [{ prefix: 'us-1' }] } }),
    [inserted({ prefix: { S: 'us-1-other-suffix' } })],
    [inserted({ prefix: { S: 'other-suffix' } })],
  ],
  [
    'the time is a number',
    { dynamodb: { ApproximateCreationDateTime: [{ numeric: ['>', 0] }] } },
    [inserted({})],
    [],
  ],
  [
    'the name of the event',
    { eventName: ['INSERT'], eventSource: ['aws:dynamodb'] },
    [inserted({})],
    [{ ...inserted({}), eventName: 'MODIFY' }],
  ],
];

function imageWith(fields: object): object {
  return { dynamodb: { NewImage: fields } };
}

function inserted(attributes: object): object {
  const id = { id: { S: 'id_value' } };
  return {
    eventName: 'INSERT',
    eventSource: 'aws:dynamodb',
    dynamodb: { ApproximateCreationDateTime: 1_700_000_000, Keys: id, NewImage: { ...id, ...attributes } },
  };
}
