// Instructions to start from, one for each kind of text, in the languages of the page.

const EXAMPLES = [
  {
    name: "Long essay",
    en: "A long essay on the history of lighthouses, for a reader who likes the sea but knows nothing of engineering. Begin with fires on headlands and end with the automated lamps of today. Be exact about dates and names, plain in tone, and leave some room for weather.",
    zh: "写一篇关于灯塔历史的长文，读者喜欢大海，但不懂工程。从海岬上的火堆写起，到今天自动化的灯结束。年代和名称要准确，语气平实，也给天气留一点位置。",
  },
  {
    name: "Short story",
    en: "A short story about a night watchman in a museum of clocks who notices that one of them runs backwards. Third person, past tense, quiet and a little strange. Let the ending stay open.",
    zh: "写一篇短篇小说：钟表博物馆的守夜人发现有一座钟在倒着走。第三人称，过去的口吻，安静而略带奇异，结尾留白。",
  },
  {
    name: "Report",
    en: "A report for a town council on turning two parking streets in the centre into a pedestrian zone. Describe the present state, three options with costs and effects on shops, traffic and noise, and a recommendation.",
    zh: "给镇议会写一份报告，讨论把市中心两条停车街改为步行区。说明现状，提出三种方案及其费用，分析对商店、交通和噪声的影响，最后给出建议。",
  },
  {
    name: "How-to guide",
    en: "A guide to baking sourdough bread at home for complete beginners: the starter, the tools, one basic loaf step by step, what can go wrong and how to tell. Friendly, practical, no jargon without an explanation.",
    zh: "给完全的新手写一份在家烤酸种面包的指南：酵种、工具、一款基本面包的逐步做法，可能出的问题以及怎样判断。语气亲切实用，术语都要解释。",
  },
  {
    name: "Travel piece",
    en: "A travel guide to three days in Lisbon in early spring, on foot and by tram. For people who like food, tiles and viewpoints more than museums. Name streets and times of day, and say what to do when it rains.",
    zh: "写一篇早春三天游里斯本的游记，步行和乘电车，给更喜欢美食、瓷砖和观景台而不是博物馆的人。写出街名和时刻，并说明下雨时怎么办。",
  },
  {
    name: "Lecture",
    en: "A lecture for first-year students on why the night sky is dark. Start from the puzzle, go through the wrong answers of earlier centuries, and explain the modern one without formulas.",
    zh: "给大学一年级学生写一篇讲稿：夜空为什么是黑的。从这个谜题开始，经过前几个世纪的错误答案，不用公式讲清现代的解释。",
  },
];
