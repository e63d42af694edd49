//! The template folder and the fonts are part of the executable; a change in them is a change of the program.

fn main() {
    println!("cargo:rerun-if-changed=report_templates");
    println!("cargo:rerun-if-changed=fonts");
}
