/** The words of the generated shop. Brands, people and purchases are made up; every list is data. */

/** A theme of one domain: what shoppers of one interest buy there. */
export interface Theme {
  readonly name: string
  /** Kinds of products in the order in which people come to need them, with a usual price. */
  readonly kinds: ReadonlyArray<readonly [kind: string, price: number]>
  /** Qualities that stand in front of a kind in titles. */
  readonly qualities: readonly string[]
  readonly brands: readonly string[]
}

/** Brands with the factor that they put on a usual price. Each sells in both domains. */
export const BRANDS: Readonly<Record<string, number>> = {
  Tarnvik: 1.6,
  Rillhaven: 0.7,
  Brackmoor: 1,
  Fjordane: 1.5,
  Pellworth: 1.1,
  Sundrift: 0.8,
  Velodane: 1.4,
  Oskarholm: 1,
  Lumenra: 1.2,
  Ashquill: 0.6,
  Marlowick: 1.7,
  Torvane: 0.75,
  Corsley: 1.05,
  Harrowmere: 1.3,
  Quaylight: 0.9,
  Stridewick: 0.65,
}

/** Colours by family: a shopper tends to one family. */
export const COLOURS: ReadonlyArray<readonly string[]> = [
  ['moss', 'clay', 'ochre', 'pine', 'sand', 'rust', 'olive', 'walnut', 'terracotta', 'fern', 'tobacco', 'umber'],
  ['black', 'graphite', 'midnight', 'slate', 'ink', 'navy', 'charcoal', 'anthracite', 'plum', 'oxblood', 'espresso', 'steel'],
  ['coral', 'lime', 'sky blue', 'mango', 'fuchsia', 'turquoise', 'scarlet', 'lemon', 'violet', 'tangerine', 'cobalt', 'jade'],
  ['ivory', 'mist', 'blush', 'pale sage', 'oat', 'cream', 'lilac', 'powder blue', 'pearl', 'vanilla', 'rose', 'dove'],
]

/** Two or three of these are the name of a model, as makers give them. */
export const SYLLABLES = [
  'ka', 'lo', 'ven', 'tir', 'osa', 'mar', 'del', 'rin', 'fen', 'zo', 'bal', 'ki', 'ra', 'sen', 'to', 'lix', 'mo', 'dun', 'pra',
  'ber', 'nor', 'vik', 'el', 'tas', 'jo', 'hal', 'gri', 'pol', 'wen',
]

/** What sorts of shoppers there are: weights of the themes that they buy from, in either domain. */
export const PERSONAS: ReadonlyArray<Readonly<Record<string, number>>> = [
  { 'Trail running': 6, Hiking: 2, 'Technical outdoor': 6, Loungewear: 1 },
  { 'Road cycling': 6, Swimming: 2, 'City commuter': 6, 'Smart casual': 2 },
  { Yoga: 6, Swimming: 1, Loungewear: 6, Resort: 2 },
  { Climbing: 6, Hiking: 2, Workwear: 6, 'Technical outdoor': 2 },
  { Hiking: 6, Fishing: 2, 'Country heritage': 6, Workwear: 1 },
  { Skiing: 6, Climbing: 1, 'Alpine knitwear': 6, 'Country heritage': 2 },
  { Tennis: 5, Golf: 2, 'Smart casual': 6, Resort: 1 },
  { Football: 6, Boxing: 2, Streetwear: 6, 'City commuter': 1 },
  { Surfing: 6, Yoga: 1, Resort: 6, Streetwear: 1 },
  { Boxing: 6, 'Trail running': 1, Streetwear: 3, Loungewear: 3 },
  { Fishing: 5, Golf: 1, 'Country heritage': 4, 'Alpine knitwear': 2 },
  { Golf: 6, Tennis: 2, 'Smart casual': 5, 'Alpine knitwear': 1 },
]

export const SPORT: readonly Theme[] = [
  {
    name: 'Trail running',
    kinds: [
      ['trail running shoes', 120], ['hydration vest', 85], ['soft flask 500 ml', 18], ['headlamp', 55],
      ['running poles', 95], ['calf compression sleeves', 25], ['GPS running watch', 220], ['gaiters', 30],
      ['energy gel box', 28], ['anti-chafe balm', 12], ['foam roller', 30],
    ],
    qualities: ['Ridge', 'lightweight', 'Switchback', 'all-terrain', 'ultra distance'],
    brands: ['Tarnvik', 'Stridewick', 'Brackmoor', 'Lumenra', 'Torvane'],
  },
  {
    name: 'Road cycling',
    kinds: [
      ['road bike helmet', 110], ['clip-in cycling shoes', 140], ['frame bag', 24], ['bike pump', 35],
      ['folding tyre 28 mm', 48], ['saddle bag', 26], ['rear light', 34], ['bike computer', 230],
      ['carbon bottle cage', 32], ['chain oil', 11], ['turbo trainer mat', 45],
    ],
    qualities: ['aero', 'Col', 'endurance', 'race', 'vented'],
    brands: ['Velodane', 'Oskarholm', 'Lumenra', 'Torvane', 'Harrowmere'],
  },
  {
    name: 'Yoga',
    kinds: [
      ['yoga mat', 60], ['cork yoga block', 18], ['cotton yoga strap', 14], ['meditation cushion', 48],
      ['yoga bolster', 62], ['mat carry sling', 16], ['acupressure mat', 40], ['pilates ring', 22],
      ['balance ball', 28], ['resistance band set', 20], ['mat cleaning spray', 10],
    ],
    qualities: ['natural rubber', 'non-slip', 'Stillness', 'eco', 'studio'],
    brands: ['Lumenra', 'Quaylight', 'Ashquill', 'Pellworth', 'Sundrift'],
  },
  {
    name: 'Climbing',
    kinds: [
      ['climbing shoes', 115], ['climbing harness', 75], ['chalk bag', 22], ['loose chalk', 12],
      ['dynamic rope 60 m', 165], ['quickdraw set', 105], ['belay device', 38], ['climbing helmet', 70],
      ['bouldering crash pad', 210], ['finger tape', 8], ['hangboard', 68],
    ],
    qualities: ['Crux', 'granite', 'multi-pitch', 'all-round', 'Overhang'],
    brands: ['Tarnvik', 'Brackmoor', 'Fjordane', 'Stridewick', 'Corsley'],
  },
  {
    name: 'Hiking',
    kinds: [
      ['hiking backpack 30 L', 110], ['two-person tent', 240], ['down sleeping bag', 190], ['inflatable sleeping mat', 80],
      ['camping stove', 60], ['titanium cooking pot', 42], ['trekking poles', 70], ['water filter', 38],
      ['map compass', 24], ['first aid kit', 26], ['insulated bottle', 28],
    ],
    qualities: ['Fell', 'lightweight', 'three-season', 'Wayfarer', 'rugged'],
    brands: ['Brackmoor', 'Rillhaven', 'Tarnvik', 'Harrowmere', 'Oskarholm'],
  },
  {
    name: 'Skiing',
    kinds: [
      ['all-mountain skis', 420], ['ski boots', 290], ['ski helmet', 120], ['ski goggles', 90],
      ['adjustable ski poles', 55], ['ski boot bag', 48], ['avalanche shovel', 52], ['climbing skins', 130],
      ['ski wax kit', 34], ['hand warmers', 9], ['back protector', 105],
    ],
    qualities: ['Piste', 'powder', 'freeride', 'Couloir', 'touring'],
    brands: ['Fjordane', 'Tarnvik', 'Oskarholm', 'Torvane', 'Marlowick'],
  },
  {
    name: 'Tennis',
    kinds: [
      ['tennis racket', 150], ['tennis balls, tube of four', 9], ['overgrip pack', 11], ['polyester strings', 16],
      ['racket bag', 75], ['court shoes', 105], ['vibration dampener', 6], ['sweatband pair', 10],
      ['ball hopper', 40], ['elbow support', 22], ['training cones', 14],
    ],
    qualities: ['Baseline', 'control', 'power', 'tour', 'clay court'],
    brands: ['Corsley', 'Marlowick', 'Pellworth', 'Rillhaven', 'Quaylight'],
  },
  {
    name: 'Football',
    kinds: [
      ['football boots', 95], ['match football', 32], ['shin guards', 18], ['goalkeeper gloves', 40],
      ['training bibs, set of ten', 30], ['pop-up goal', 58], ['agility ladder', 22], ['ball pump', 9],
      ['boot bag', 16], ['ankle support', 20], ['captain armband', 7],
    ],
    qualities: ['firm ground', 'Striker', 'indoor', 'Terrace', 'match'],
    brands: ['Torvane', 'Stridewick', 'Ashquill', 'Sundrift', 'Velodane'],
  },
  {
    name: 'Surfing',
    kinds: [
      ['foam surfboard 7 ft', 280], ['surf leash', 30], ['full wetsuit 4/3 mm', 210], ['surf wax', 5],
      ['surfboard fins', 60], ['board bag', 85], ['changing poncho', 52], ['neoprene boots', 45],
      ['roof rack straps', 28], ['waterproof sun stick', 14], ['wetsuit hanger', 12],
    ],
    qualities: ['Swell', 'beginner', 'reef', 'longboard', 'recycled'],
    brands: ['Sundrift', 'Quaylight', 'Rillhaven', 'Fjordane', 'Ashquill'],
  },
  {
    name: 'Boxing',
    kinds: [
      ['boxing gloves 12 oz', 60], ['hand wraps', 10], ['punch bag', 130], ['skipping rope', 14],
      ['head guard', 55], ['focus pads', 45], ['mouth guard', 12], ['adjustable dumbbells', 180],
      ['kettlebell 16 kg', 50], ['lifting straps', 15], ['gym duffel', 42],
    ],
    qualities: ['Southpaw', 'sparring', 'heavy duty', 'training', 'leather'],
    brands: ['Torvane', 'Ashquill', 'Corsley', 'Stridewick', 'Lumenra'],
  },
  {
    name: 'Fishing',
    kinds: [
      ['spinning rod 2.7 m', 80], ['fixed spool reel', 75], ['braided line 150 m', 20], ['lure set', 26],
      ['landing net', 35], ['tackle box', 30], ['chest waders', 115], ['fishing chair', 58],
      ['bite alarm', 40], ['fly tying kit', 52], ['cool box', 65],
    ],
    qualities: ['Riverbank', 'carbon', 'saltwater', 'chalk stream', 'quiet'],
    brands: ['Rillhaven', 'Harrowmere', 'Brackmoor', 'Marlowick', 'Quaylight'],
  },
  {
    name: 'Golf',
    kinds: [
      ['golf driver', 290], ['golf balls, dozen', 32], ['golf glove', 16], ['stand bag', 150],
      ['putter', 120], ['bamboo tees', 7], ['range finder', 190], ['golf umbrella', 34],
      ['push trolley', 140], ['wedge', 95], ['putting mat', 48],
    ],
    qualities: ['Fairway', 'links', 'tour', 'forgiving', 'Clubhouse'],
    brands: ['Marlowick', 'Corsley', 'Harrowmere', 'Pellworth', 'Velodane'],
  },
  {
    name: 'Swimming',
    kinds: [
      ['swim goggles', 24], ['silicone swim cap', 10], ['pull buoy', 14], ['kickboard', 18],
      ['hand paddles', 16], ['swim fins', 34], ['microfibre towel', 20], ['waterproof backpack', 55],
      ['lap counter watch', 120], ['ear plugs', 6], ['snorkel', 28],
    ],
    qualities: ['open water', 'Lane', 'training', 'mirrored', 'hydro'],
    brands: ['Quaylight', 'Sundrift', 'Velodane', 'Pellworth', 'Oskarholm'],
  },
]

const garments = (...rows: ReadonlyArray<readonly [string, number]>): Theme['kinds'] => rows

export const CLOTH: readonly Theme[] = [
  {
    name: 'Technical outdoor',
    kinds: garments(
      ['wind jacket', 95], ['wicking T-shirt', 35], ['stretch running shorts', 45], ['thermal tights', 60],
      ['rain shell', 160], ['fleece half-zip', 75], ['merino socks', 18], ['running cap', 22], ['light gloves', 20],
      ['insulated gilet', 110], ['multi-tube scarf', 15], ['zip-off trousers', 80]
    ),
    qualities: ['breathable', 'packable', 'seamless', 'Ridge', 'quick-dry'],
    brands: ['Tarnvik', 'Stridewick', 'Brackmoor', 'Lumenra', 'Torvane'],
  },
  {
    name: 'City commuter',
    kinds: garments(
      ['waterproof cycling jacket', 150], ['stretch chinos', 85], ['merino polo shirt', 70], ['bib shorts', 110],
      ['cycling jersey', 80], ['overshirt', 95], ['thin knit beanie', 25], ['commuter shoes', 120], ['arm warmers', 28],
      ['reflective vest', 35], ['technical hoodie', 90], ['long cycling socks', 16]
    ),
    qualities: ['reflective', 'water-repellent', 'tailored', 'aero', 'everyday'],
    brands: ['Velodane', 'Oskarholm', 'Lumenra', 'Torvane', 'Harrowmere'],
  },
  {
    name: 'Loungewear',
    kinds: garments(
      ['high-waist leggings', 55], ['soft bra top', 38], ['wrap cardigan', 70], ['jogger trousers', 58],
      ['bamboo T-shirt', 32], ['cropped hoodie', 62], ['ribbed vest', 28], ['cosy socks', 12], ['lounge robe', 80],
      ['wide-leg trousers', 60], ['slip-on shoes', 50], ['pyjama set', 65]
    ),
    qualities: ['organic cotton', 'buttery', 'Stillness', 'brushed', 'relaxed'],
    brands: ['Lumenra', 'Quaylight', 'Ashquill', 'Pellworth', 'Sundrift'],
  },
  {
    name: 'Workwear',
    kinds: garments(
      ['canvas trousers', 90], ['chore jacket', 120], ['heavy T-shirt', 36], ['flannel shirt', 68], ['denim dungarees', 110],
      ['ripstop shorts', 60], ['work boots', 160], ['knit watch cap', 24], ['leather belt', 42], ['thermal henley', 48],
      ['padded overshirt', 115], ['boot socks', 15]
    ),
    qualities: ['hard-wearing', 'double-knee', 'selvedge', 'stonewashed', 'utility'],
    brands: ['Tarnvik', 'Brackmoor', 'Fjordane', 'Stridewick', 'Corsley'],
  },
  {
    name: 'Country heritage',
    kinds: garments(
      ['waxed jacket', 210], ['tattersall shirt', 65], ['moleskin trousers', 95], ['lambswool jumper', 90],
      ['tweed cap', 45], ['quilted gilet', 85], ['wellington boots', 110], ['corduroy shirt', 70], ['wool scarf', 38],
      ['field coat', 190], ['leather gloves', 50], ['long wool socks', 18]
    ),
    qualities: ['heritage', 'herringbone', 'Estate', 'brushed', 'traditional'],
    brands: ['Brackmoor', 'Rillhaven', 'Tarnvik', 'Harrowmere', 'Oskarholm'],
  },
  {
    name: 'Alpine knitwear',
    kinds: garments(
      ['roll-neck jumper', 110], ['fair isle cardigan', 125], ['bobble hat', 32], ['down parka', 280], ['merino base layer', 75],
      ['cable-knit jumper', 120], ['shearling mittens', 60], ['snow boots', 150], ['ski trousers', 180],
      ['wool leggings', 65], ['knitted headband', 24], ['chalet slippers', 48]
    ),
    qualities: ['Nordic', 'chunky', 'boiled wool', 'alpaca', 'apres-ski'],
    brands: ['Fjordane', 'Tarnvik', 'Oskarholm', 'Torvane', 'Marlowick'],
  },
  {
    name: 'Smart casual',
    kinds: garments(
      ['pique polo shirt', 60], ['pleated trousers', 95], ['linen blazer', 190], ['Oxford shirt', 75], ['cricket jumper', 95],
      ['leather loafers', 150], ['tennis skirt', 58], ['chino shorts', 62], ['silk scarf', 55], ['woven belt', 40],
      ['unstructured jacket', 160], ['ankle socks', 10]
    ),
    qualities: ['tailored', 'Club', 'cotton twill', 'crisp', 'classic'],
    brands: ['Corsley', 'Marlowick', 'Pellworth', 'Rillhaven', 'Quaylight'],
  },
  {
    name: 'Streetwear',
    kinds: garments(
      ['oversized hoodie', 75], ['graphic T-shirt', 35], ['cargo trousers', 80], ['track jacket', 85], ['bucket hat', 28],
      ['chunky trainers', 130], ['puffer jacket', 150], ['mesh shorts', 42], ['varsity jacket', 140], ['tube socks', 12],
      ['baseball cap', 26], ['cross-body bag', 45]
    ),
    qualities: ['boxy', 'retro', 'Terrace', 'washed', 'limited'],
    brands: ['Torvane', 'Stridewick', 'Ashquill', 'Sundrift', 'Velodane'],
  },
  {
    name: 'Resort',
    kinds: garments(
      ['linen shirt', 65], ['swim shorts', 48], ['beach cover-up', 52], ['straw hat', 38], ['espadrilles', 55],
      ['cotton sundress', 78], ['swimsuit', 68], ['towelling hoodie', 62], ['leather sandals', 70], ['drawstring trousers', 60],
      ['canvas tote', 32], ['rash vest', 45]
    ),
    qualities: ['breezy', 'Lagoon', 'sun-faded', 'crinkle', 'printed'],
    brands: ['Sundrift', 'Quaylight', 'Rillhaven', 'Fjordane', 'Ashquill'],
  },
]
