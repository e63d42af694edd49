//! One file of many: its pages and what they need, under new numbers.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Document, Object, ObjectId};

/// Keys of pages and annotations that belong to the file's own structure: its tags stay behind.
const OF_THE_FILE: [&[u8]; 3] = [b"StructParents", b"StructParent", b"Parent"];
/// What a page inherits from the nodes above it.
const INHERITED: [&[u8]; 4] = [b"MediaBox", b"CropBox", b"Resources", b"Rotate"];

/// What becomes of a file's colour profile.
#[derive(Clone, Copy)]
pub enum Profile {
    Taken,
    Left,
}

/// Numbers from here on stand for places in the file that are not known yet.
const UNSETTLED: u32 = 1 << 30;

pub(super) struct Source {
    pub(super) objects: Vec<(ObjectId, Object)>,
    pub(super) pages: Vec<ObjectId>,
    /// The entry of `OutputIntents`.
    pub(super) intent: Option<Object>,
}

impl Source {
    /// Reads a file whose pages belong to `parent`. Its objects have numbers that [`Source::settle`] makes true, so that
    /// several files are read at once. Of several files one gives the colour profile.
    pub(super) fn read(pdf: &[u8], parent: ObjectId, profile: Profile) -> lopdf::Result<Self> {
        let document = Document::load_mem(pdf)?;
        let names = destinations(&document);
        let pages: Vec<ObjectId> = document.page_iter().collect();
        let mut renamed = Renamed { numbers: BTreeMap::new(), waiting: Vec::new() };
        for page in &pages {
            renamed.number(*page);
        }
        let intent = match profile {
            Profile::Taken => intent(&document).map(|intent| renamed.object(intent, &names)),
            Profile::Left => None,
        };
        let is_page: BTreeSet<ObjectId> = pages.iter().copied().collect();
        let mut objects = Vec::new();
        let mut written = BTreeSet::new();
        while let Some(id) = renamed.waiting.pop() {
            if !written.insert(id) {
                continue;
            }
            let Ok(object) = document.get_object(id) else { continue };
            let mut copy = renamed.object(object, &names);
            if is_page.contains(&id)
                && let (Object::Dictionary(copy), Object::Dictionary(page)) = (&mut copy, object)
            {
                for key in INHERITED {
                    if let Some(value) = above(&document, page, key).filter(|_| !copy.has(key)) {
                        copy.set(key.to_vec(), renamed.object(&value, &names));
                    }
                }
                copy.set("Parent", parent);
            }
            objects.push((renamed.number(id), copy));
        }
        objects.sort_by_key(|(id, _)| *id);
        let pages = pages.into_iter().map(|page| renamed.number(page)).collect();
        Ok(Self { objects, pages, intent })
    }

    /// Numbers its objects from `first`.
    pub(super) fn settle(&mut self, first: u32) {
        for (id, object) in &mut self.objects {
            settle_id(id, first);
            settle_object(object, first);
        }
        self.pages.iter_mut().for_each(|id| settle_id(id, first));
        if let Some(intent) = &mut self.intent {
            settle_object(intent, first);
        }
    }
}

fn settle_id(id: &mut ObjectId, first: u32) {
    if let Some(place) = id.0.checked_sub(UNSETTLED) {
        id.0 = first + place;
    }
}

fn settle_object(object: &mut Object, first: u32) {
    let settle_entries =
        |entries: &mut Dictionary| entries.iter_mut().for_each(|(_, value)| settle_object(value, first));
    match object {
        Object::Reference(id) => settle_id(id, first),
        Object::Array(items) => items.iter_mut().for_each(|item| settle_object(item, first)),
        Object::Dictionary(entries) => settle_entries(entries),
        Object::Stream(stream) => settle_entries(&mut stream.dict),
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(_, _) => {}
    }
}

/// New numbers, in the order in which objects are met.
struct Renamed {
    numbers: BTreeMap<ObjectId, ObjectId>,
    waiting: Vec<ObjectId>,
}

impl Renamed {
    fn number(&mut self, old: ObjectId) -> ObjectId {
        if let Some(known) = self.numbers.get(&old) {
            return *known;
        }
        let new = (UNSETTLED + u32::try_from(self.numbers.len()).unwrap_or_default(), 0);
        self.numbers.insert(old, new);
        self.waiting.push(old);
        new
    }

    /// A copy with new numbers, without the file's own structure, and with named places resolved.
    fn object(&mut self, object: &Object, names: &BTreeMap<Vec<u8>, Object>) -> Object {
        match object {
            Object::Reference(id) => Object::Reference(self.number(*id)),
            Object::Array(items) => Object::Array(items.iter().map(|item| self.object(item, names)).collect()),
            Object::Dictionary(entries) => Object::Dictionary(self.entries(entries, names)),
            Object::Stream(stream) => {
                let mut copy = stream.clone();
                copy.dict = self.entries(&stream.dict, names);
                Object::Stream(copy)
            }
            Object::Null
            | Object::Boolean(_)
            | Object::Integer(_)
            | Object::Real(_)
            | Object::Name(_)
            | Object::String(_, _) => object.clone(),
        }
    }

    fn entries(&mut self, entries: &Dictionary, names: &BTreeMap<Vec<u8>, Object>) -> Dictionary {
        let mut copy = Dictionary::new();
        let is_font = entries.has_type(b"Font");
        for (key, value) in entries.iter() {
            if OF_THE_FILE.contains(&key.as_slice()) && !is_font {
                continue;
            }
            let named = match (key.as_slice(), value) {
                (b"Dest" | b"D", Object::String(name, _) | Object::Name(name)) => names.get(name),
                (_, _) => None,
            };
            copy.set(key.clone(), self.object(named.unwrap_or(value), names));
        }
        copy
    }
}

fn intent(document: &Document) -> Option<&Object> {
    let intents = document.catalog().ok()?.get_deref(b"OutputIntents", document).ok()?;
    let first = intents.as_array().ok()?.first()?;
    document.dereference(first).ok().map(|(_, intent)| intent)
}

/// What a page has from a node above it.
fn above(document: &Document, page: &Dictionary, key: &[u8]) -> Option<Object> {
    let mut node = page;
    // A tree of pages that is a ring ends here.
    for _ in 0..64 {
        node = node.get_deref(b"Parent", document).ok()?.as_dict().ok()?;
        if let Ok(value) = node.get(key) {
            return Some(value.clone());
        }
    }
    None
}

/// Places by name: two files may use one name for two.
fn destinations(document: &Document) -> BTreeMap<Vec<u8>, Object> {
    let mut names = BTreeMap::new();
    let Ok(catalog) = document.catalog() else { return names };
    if let Ok(old) = catalog.get_deref(b"Dests", document).and_then(Object::as_dict) {
        names.extend(old.iter().map(|(name, place)| (name.clone(), target(document, place))));
    }
    let tree = catalog.get_deref(b"Names", document).and_then(Object::as_dict);
    if let Ok(root) = tree.and_then(|names| names.get_deref(b"Dests", document)) {
        collect(document, root, &mut names, 0);
    }
    names
}

fn collect(document: &Document, node: &Object, names: &mut BTreeMap<Vec<u8>, Object>, depth: usize) {
    let Ok(node) = node.as_dict() else { return };
    if let Ok(pairs) = node.get_deref(b"Names", document).and_then(Object::as_array) {
        for pair in pairs.chunks_exact(2) {
            if let Ok(name) = pair[0].as_str() {
                names.insert(name.to_vec(), target(document, &pair[1]));
            }
        }
    }
    if let Ok(kids) = node.get_deref(b"Kids", document).and_then(Object::as_array)
        && depth < 32
    {
        for kid in kids {
            if let Ok((_, kid)) = document.dereference(kid) {
                collect(document, kid, names, depth + 1);
            }
        }
    }
}

fn target(document: &Document, place: &Object) -> Object {
    let place = document.dereference(place).map_or(place, |(_, place)| place);
    place.as_dict().and_then(|dict| dict.get(b"D")).unwrap_or(place).clone()
}
